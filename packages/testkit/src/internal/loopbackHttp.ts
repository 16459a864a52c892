/**
 * One HTTP request on a connection of its own.
 *
 * No connection is reused, so a server that was killed or restarted in between
 * leaves nothing stale behind.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Http from "node:http"

export interface Request {
  readonly url: URL
  readonly method: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Uint8Array | undefined
  readonly timeoutMillis: number
}

export interface Response {
  readonly status: number
  readonly headers: Http.IncomingHttpHeaders
  readonly body: string
}

/** There was no answer, or not in time. */
export class RequestError extends Data.TaggedError("RequestError")<{
  readonly message: string
}> {}

/** Sends the request; fails when the connection does, or when `timeoutMillis` have passed. */
export const send = (request: Request): Effect.Effect<Response, RequestError> =>
  Effect.callback((resume) => {
    const fail = (cause: Error) => resume(Effect.fail(new RequestError({ message: cause.message })))
    const outgoing = Http.request(request.url, {
      method: request.method,
      headers: { ...request.headers },
      agent: false
    })
    const timer = setTimeout(() => {
      resume(Effect.fail(new RequestError({ message: `no answer within ${request.timeoutMillis} ms` })))
      outgoing.destroy()
    }, request.timeoutMillis)
    outgoing.once("close", () => clearTimeout(timer))
    outgoing.on("error", fail)
    outgoing.on("response", (incoming) => {
      const chunks: Array<Buffer> = []
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
      incoming.on("error", fail)
      incoming.on("end", () =>
        resume(Effect.succeed({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString("utf8")
        })))
    })
    outgoing.end(request.body)
    return Effect.sync(() => outgoing.destroy())
  })
