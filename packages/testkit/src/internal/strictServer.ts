/**
 * The common part of the strict servers: each request is checked against the documentation, and every deviation is
 * recorded as a violation.
 *
 * A violation is a mistake of the client that the documentation does not cover. Errors for which the API has an answer
 * (a wrong token, an unknown bucket, a type conflict) are answered and are not violations.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Http from "node:http"
import * as Zlib from "node:zlib"
import * as FaultServer from "../FaultServer.ts"

/** An answer; a body of several parts is sent in chunks. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Iterable<string> | AsyncIterable<string> | undefined
}

/** One request and how it was answered. */
export interface Exchange extends Omit<FaultServer.Received, "text" | "response"> {
  /** The body, decompressed; `undefined` if it could not be. */
  readonly text: string | undefined
  readonly status: number
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Collects what is wrong with one request. */
export class Check {
  readonly request: Omit<Exchange, "status" | "text">
  readonly problems: Array<string> = []

  constructor(request: Check["request"]) {
    this.request = request
  }

  /** Records a violation unless the condition holds. Returns the condition. */
  that(condition: boolean, problem: string): boolean {
    if (!condition) this.problems.push(problem)
    return condition
  }

  /** The body as a JSON object. Anything else is a violation. */
  record(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
    const body = parseJson(text ?? "")
    return this.that(isRecord(body), "the body is not a JSON object") && isRecord(body) ? body : undefined
  }

  /** Every member of an object must be known. */
  keys(object: Readonly<Record<string, unknown>>, what: string, allowed: ReadonlyArray<string>): void {
    for (const key of Object.keys(object)) this.that(allowed.includes(key), `${what} has no "${key}"`)
  }

  header(name: string): string | undefined {
    return this.request.headers[name]
  }

  /** Every parameter must be known, occur once, and match. */
  params(allowed: Readonly<Record<string, RegExp>>, required: ReadonlyArray<string>): void {
    const { params } = this.request
    for (const name of new Set(params.keys())) {
      const values = params.getAll(name)
      const pattern = Object.hasOwn(allowed, name) ? allowed[name] : undefined
      if (!this.that(pattern !== undefined, `there is no query parameter "${name}"`)) continue
      this.that(values.length === 1, `the query parameter "${name}" occurs ${values.length} times`)
      this.that(pattern!.test(values[0]!), `the query parameter "${name}" can't be "${values[0]}"`)
    }
    for (const name of required) this.that(params.has(name), `the query parameter "${name}" is missing`)
  }

  /** The media type, if a header names one, must be one of these; a parameter can only be the character set. */
  contentType(allowed: ReadonlyArray<string>): void {
    const value = this.header("content-type")
    if (value === undefined) return
    // The official client says "encoding" where the standard has "charset".
    const pattern = new RegExp(
      `^(?:${allowed.join("|").replaceAll(".", "\\.")})(?:; ?(?:charset|encoding)=utf-8)?$`,
      "i"
    )
    this.that(pattern.test(value), `the content type "${value}" is not one of ${allowed.join(", ")}`)
  }

  /** Errors are JSON, so the client must accept it. */
  accept(types: ReadonlyArray<string>): void {
    const value = this.header("accept")
    if (value === undefined) return
    const named = value.split(",").map((type) => type.split(";")[0]!.trim().toLowerCase())
    this.that(
      named.some((type) => type === "*/*" || types.includes(type)),
      `of the types in "accept: ${value}" the API has none`
    )
  }

  /** The body as text; `undefined` when it is not what the headers say. */
  text(): string | undefined {
    const encoding = this.header("content-encoding")
    const { raw } = this.request
    if (
      !this.that(
        encoding === undefined || encoding === "gzip" || encoding === "identity",
        `the content encoding can't be "${encoding}"`
      )
    ) {
      return undefined
    }
    try {
      const plain = encoding === "gzip" ? Zlib.gunzipSync(raw) : raw
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain)
    } catch (cause) {
      const what = encoding === "gzip" ? "the body is not gzip and UTF-8" : "the body is not UTF-8"
      this.problems.push(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`)
      return undefined
    }
  }
}

/** A function of the API; it may record violations on `check`. */
export type Handler = (check: Check, text?: string) => Answer

/** Options of every strict server. */
export interface StrictOptions {
  /** The token that is valid. */
  readonly token: string
  /** A larger body, as it comes or decompressed, is answered with 413. */
  readonly maxBodyBytes?: number | undefined
}

/** What every strict server offers. The getters return the present state. */
export interface Strict {
  /** Without a slash at the end. */
  readonly url: string
  readonly port: number
  /** One per deviation from the documentation, with method and path. Tests require that there are none. */
  readonly violations: ReadonlyArray<string>
  /** In the order of their answers. */
  readonly exchanges: ReadonlyArray<Exchange>
  /** Connections so far, and those that are open. */
  readonly connections: { readonly made: number; readonly open: number }
  /** The next requests get these answers instead. They are checked all the same. */
  readonly answerNext: (...answers: ReadonlyArray<Answer>) => void
}

/** The routes by path and method. A last segment `*` matches any. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Handler>>>>

/** A JSON answer. */
export const json = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): Answer => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", ...headers },
  body: JSON.stringify(body)
})

/** Serves routes until the scope closes. */
export const serve = Effect.fnUntraced(function*(
  routes: Routes,
  notFound: Answer,
  methodNotAllowed: Answer
): Effect.fn.Return<Strict, never, Scope.Scope> {
  const violations: Array<string> = []
  const exchanges: Array<Exchange> = []
  const scripted: Array<Answer> = []

  const answer = (check: Check): { readonly answer: Answer; readonly text: string | undefined } => {
    const { headers, method, params, path, raw } = check.request
    check.that(headers.host !== undefined, "there is no host header")
    for (const name of ["token", "p", "password", "u"]) {
      check.that(!params.has(name), `the query parameter "${name}" shows a credential`)
    }
    if (method === "GET") check.that(raw.length === 0, "a GET has a body")
    const route = [path, path.replace(/[^/]+$/, "*")].map((key) => Object.hasOwn(routes, key) ? routes[key] : undefined)
      .find((found) => found !== undefined)
    if (route === undefined) {
      check.problems.push("there is no such path")
      return { answer: notFound, text: undefined }
    }
    if (!Object.hasOwn(route, method)) {
      check.problems.push("the path has no such method")
      return { answer: methodNotAllowed, text: undefined }
    }
    const text = check.text()
    const given = route[method]!(check, text)
    return { answer: scripted.shift() ?? given, text }
  }

  const server = yield* FaultServer.make({
    fallback: (_, { response, ...request }) => {
      const check = new Check(request)
      const { answer: given, text } = answer(check)
      for (const problem of check.problems) violations.push(`${request.method} ${request.path}: ${problem}`)
      exchanges.push({ ...request, text, status: given.status })
      send(response, given, /\bgzip\b/.test(request.headers["accept-encoding"] ?? "")).catch(() => response.destroy())
    }
  })

  return {
    url: server.url,
    port: server.port,
    violations,
    exchanges,
    get connections() {
      return { made: server.connections, open: server.open }
    },
    answerNext: (...answers) => void scripted.push(...answers)
  }
})

const send = async (outgoing: Http.ServerResponse, answer: Answer, gzip: boolean): Promise<void> => {
  const { body, headers, status } = answer
  if (body === undefined || body === "") {
    outgoing.writeHead(status, headers)
    outgoing.end()
    return
  }
  const target = gzip ? Zlib.createGzip() : outgoing
  outgoing.writeHead(status, gzip ? { ...headers, "content-encoding": "gzip" } : headers)
  if (gzip) target.pipe(outgoing)
  outgoing.on("close", () => target.destroy())
  for await (const part of typeof body === "string" ? [body] : body) {
    if (outgoing.destroyed) return
    if (!target.write(part)) {
      await new Promise<void>((resolve) => {
        target.once("drain", resolve)
        target.once("close", resolve)
      })
    }
  }
  target.end()
}
