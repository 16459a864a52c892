/** Which modules a program loads: what it does not use stays on the disk. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { runProgram } from "../support/childProgram.ts"

// Hears of every module that is resolved, also by `require`, and of the parts of Node that those load.
const listing = `import { registerHooks } from "node:module"
const loaded = new Set()
registerHooks({
  resolve: (name, context, next) => {
    const found = next(name, context)
    loaded.add(found.url)
    return found
  }
})
process.on("exit", () => console.log(JSON.stringify([...loaded, ...process.moduleLoadList])))
const { Effect, Layer } = await import("effect")
`

/** What a program loads of HTTP: modules of `effect/http`, HTTP of Node and of undici. */
const httpOf = (code: string) =>
  Effect.map(runProgram(listing + code), ({ code, stderr, stdout }) => {
    assert.strictEqual(code, 0, stderr)
    const all: ReadonlyArray<string> = JSON.parse(stdout.trim().split("\n").at(-1)!)
    assert.isTrue(all.some((module) => module.includes("/effect/")))
    const http = all.flatMap((module) =>
      /\/effect\/(?:dist|src)\/(http\/.*)\.[jt]s$/.exec(module)?.[1] ??
        /^(?:node:|NativeModule )_?http.*|undici/.exec(module)?.[0] ?? []
    )
    return [...new Set(http)].sort()
  })

const push = (layer: string) => `
const { Influx, InfluxClient, InfluxDatabase, MetricsExporter, RuntimeMetrics } = await import("efflux")
await Effect.runPromise(Effect.gen(function*() {
  yield* Influx.push({ measurement: "m", fields: { n: 1 } })
  yield* Influx.flush
}).pipe(Effect.provide(${layer})))
`

const withoutHttp = {
  "a program that looks up a name, sends a datagram, exports metrics, and makes a client and asks nothing": push(
    `Layer.mergeAll(MetricsExporter.layer(), RuntimeMetrics.layer, InfluxClient.layer({ version: 1, database: "d" })).pipe(
  Layer.provideMerge(InfluxDatabase.layer({ host: "localhost", port: 9 })))`
  ),
  "one that sends over TCP": push(
    `InfluxDatabase.layer({ transport: "tcp", host: "127.0.0.1", port: 9, drainTimeout: 100 })`
  ).replace("yield* Influx.flush", "")
}

const publicModules: ReadonlyArray<string> = Object.keys(
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).exports
).filter((path) => path !== "./package.json")

describe("what is loaded", () => {
  // Schema has some helpers of effect/http: what `import "effect"` loads is Effect's own matter.
  const ofEffect = Effect.cached(httpOf("")).pipe(Effect.runSync)

  for (const [what, code] of Object.entries(withoutHttp)) {
    it.live(`${what} loads no HTTP client: nothing of effect/http, node:http or undici`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* httpOf(code), yield* ofEffect)
      }))
  }

  it.live("no public module loads one when it is imported", () =>
    Effect.gen(function*() {
      assert.include(publicModules, "./InfluxClient")
      const imports = publicModules.map((path) => `await import("efflux${path.slice(1)}")\n`).join("")
      assert.deepStrictEqual(yield* httpOf(imports), yield* ofEffect)
    }))

  it.live("programs that send over HTTP do load it, so that the list shows it", () =>
    Effect.gen(function*() {
      const options = `{ transport: "http", version: 1, url: "http://127.0.0.1:9", database: "d", retries: 0 }`
      const own = yield* httpOf(push(`InfluxDatabase.layer(${options})`))
      assert.includeMembers([...own], ["http/HttpClient", "NativeModule http"])
      const fetched = yield* httpOf(
        `const { FetchHttpClient } = await import("effect/http")\n${
          push(`InfluxDatabase.layerHttp(${options}).pipe(Layer.provide(FetchHttpClient.layer))`)
        }`
      )
      assert.includeMembers([...fetched], ["http/HttpClient", "undici"])
      assert.notInclude(yield* ofEffect, "http/HttpClient")
    }))
})
