import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Http from "node:http"
import { gzipSync } from "node:zlib"
import { FaultServer } from "../src/index.ts"

interface Outcome {
  readonly status?: number
  readonly body?: string
  readonly code?: string
}

/** One request by Node's own client, which reuses no connection unless an agent is given. */
const ask = (
  server: FaultServer.Server,
  options: { readonly agent?: Http.Agent; readonly body?: Uint8Array; readonly headers?: Record<string, string> } = {}
) =>
  Effect.callback<Outcome>((resume) => {
    const request = Http.request(`${server.url}/write?db=a%20b`, {
      method: "POST",
      agent: options.agent ?? false,
      headers: { ...options.headers }
    }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("error", (error: NodeJS.ErrnoException) => resume(Effect.succeed({ code: error.code ?? "" })))
      response.on("end", () =>
        resume(Effect.succeed({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() })))
    })
    request.on("error", (error: NodeJS.ErrnoException) =>
      resume(Effect.succeed({ code: error.code ?? "" })))
    request.end(options.body)
    return Effect.sync(() => request.destroy())
  })

describe("FaultServer", () => {
  it.effect("gives each request its fault, and those beyond the fallback", () =>
    Effect.gen(function*() {
      const server = yield* FaultServer.make()
      server.script(
        FaultServer.json(400, { error: "no" }),
        FaultServer.close,
        FaultServer.reset,
        FaultServer.truncated.head,
        FaultServer.truncated.length,
        FaultServer.truncated.chunk,
        FaultServer.truncated.lastChunk,
        FaultServer.garbage,
        FaultServer.hugeHead(),
        FaultServer.hugeBody(200_000),
        FaultServer.redirect("http://127.0.0.1:1/", 302)
      )
      const outcomes: Array<Outcome> = []
      for (let count = 0; count < 12; count++) outcomes.push(yield* ask(server))
      assert.deepStrictEqual(outcomes.map(({ body, code, status }) => code ?? [status, body!.slice(0, 20)]), [
        [400, "{\"error\":\"no\"}"],
        "ECONNRESET",
        "ECONNRESET",
        "ECONNRESET",
        "ECONNRESET",
        "ECONNRESET",
        "ECONNRESET",
        "HPE_INVALID_CONSTANT",
        "HPE_HEADER_OVERFLOW",
        [200, "x".repeat(20)],
        [302, ""],
        [204, ""]
      ])
      assert.strictEqual(outcomes[9]?.body?.length, 200_000)
      assert.strictEqual(server.connections, 12)
    }))

  it.effect("reads requests whole, plain, gzipped and in chunks", () =>
    Effect.gen(function*() {
      const server = yield* FaultServer.make()
      yield* ask(server, { body: Buffer.from("m v=1"), headers: { "content-length": "5", "x-a": "b" } })
      yield* ask(server, { body: gzipSync("m v=2"), headers: { "content-encoding": "gzip" } })
      yield* ask(server, { body: Buffer.from("m v=3"), headers: { "transfer-encoding": "chunked" } })
      assert.deepStrictEqual(server.requests.map(({ text }) => text), ["m v=1", "m v=2", "m v=3"])
      const [first] = server.requests
      assert.deepStrictEqual([first?.method, first?.path, first?.params.get("db"), first?.headers["x-a"]], [
        "POST",
        "/write",
        "a b",
        "b"
      ])
      assert.isAbove(server.bytesRead, 100)
      assert.isAbove(server.bytesWritten, 50)
    }))

  it.effect("keeps a connection, closes it after an answer, and closes one that is used again", () =>
    Effect.gen(function*() {
      const agent = new Http.Agent({ keepAlive: true, maxSockets: 1 })
      yield* Effect.addFinalizer(() => Effect.sync(() => agent.destroy()))
      const server = yield* FaultServer.make()
      server.script(FaultServer.answer(204), FaultServer.close, FaultServer.answer(204, { close: true }))
      assert.strictEqual((yield* ask(server, { agent })).status, 204)
      assert.strictEqual((yield* ask(server, { agent })).code, "ECONNRESET")
      assert.strictEqual(server.connections, 1)
      assert.strictEqual((yield* ask(server, { agent })).status, 204)
      yield* server.waitUntilFreed
      assert.strictEqual((yield* ask(server, { agent })).status, 204)
      assert.strictEqual(server.connections, 3)
    }))

  it.effect("never answers, drips, and sees when the client lets go", () =>
    Effect.gen(function*() {
      const server = yield* FaultServer.make()
      server.script(FaultServer.silence, FaultServer.drip("HTTP/1.1 200 OK\r\n", 5), FaultServer.dripBody(5))
      for (let nth = 1; nth <= 3; nth++) {
        const fiber = yield* Effect.forkChild(ask(server))
        yield* server.waitForRequests(nth)
        assert.strictEqual(server.open, 1)
        fiber.interruptUnsafe()
        yield* server.waitUntilFreed
      }
    }))

  it.effect("refuses connections and takes them again, and answers what was held", () =>
    Effect.gen(function*() {
      const server = yield* FaultServer.make()
      const { fault, release } = FaultServer.held(FaultServer.answer(200, { body: "late" }))
      server.script(fault)
      const fiber = yield* Effect.forkChild(ask(server))
      yield* server.waitForRequests(1)
      yield* release
      assert.strictEqual((yield* Fiber.join(fiber)).body, "late")
      yield* server.refuse
      assert.strictEqual((yield* ask(server)).code, "ECONNREFUSED")
      yield* server.accept
      assert.strictEqual((yield* ask(server)).status, 204)
    }))
})
