/** The server itself. Its faults, as a client sees them, are in `efflux/test/http/HttpExchange.test.ts`. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Http from "node:http"
import { gzipSync } from "node:zlib"
import { FaultServer } from "../src/index.ts"

it.effect("reads requests whole, plain, gzipped and in chunks, and counts what it writes", () =>
  Effect.gen(function*() {
    const server = yield* FaultServer.make()
    const bodies = [
      [Buffer.from("m v=1"), { "content-length": "5", "x-a": "b" }],
      [gzipSync("m v=2"), { "content-encoding": "gzip" }],
      [Buffer.from("m v=3"), { "transfer-encoding": "chunked" }]
    ] as const
    for (const [body, headers] of bodies) {
      yield* Effect.callback<void>((resume) => {
        const options = { method: "POST", agent: false, headers } as const
        Http.request(
          `${server.url}/write?db=a%20b`,
          options,
          (response) => response.resume().on("end", () => resume(Effect.void))
        ).end(body)
      })
    }
    const [first] = server.requests
    assert.deepStrictEqual(
      server.requests.map(({ text }) => text),
      ["m v=1", "m v=2", "m v=3"]
    )
    assert.deepStrictEqual([first?.method, first?.path, first?.params.get("db"), first?.headers["x-a"]], [
      "POST",
      "/write",
      "a b",
      "b"
    ])
    assert.isAbove(server.bytesWritten, 50)
  }))
