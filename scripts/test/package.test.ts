/** What users can import from the packed library, and what they can't. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { root } from "../fences.ts"
import { makeConsumer } from "../tarball.ts"

const source = Path.join(root, "packages/efflux/src")
const modules = Fs.readdirSync(source).filter((file) => file.endsWith(".ts") && file !== "index.ts")
  .map((file) => file.slice(0, -".ts".length))

/** Paths that exist in the tarball, or once did, and that no program may import. */
const hidden = [
  "efflux/index",
  "efflux/LineWriter",
  "efflux/internal/encode/LineWriter",
  "efflux/internal/encode/LineWriter.js",
  "efflux/dist/internal/encode/LineWriter.js",
  "efflux/dist/index.js",
  "efflux/src/index.ts",
  "efflux/Point.js"
]

describe("the packed library", () => {
  let consumer: ReturnType<typeof makeConsumer>
  beforeAll(() => {
    consumer = makeConsumer()
  })
  afterAll(() => consumer.remove())

  const node = (code: string) =>
    spawnSync(process.execPath, ["--input-type=module", "--eval", code], { cwd: consumer.folder, encoding: "utf8" })

  it("holds the modules that are exported, and no file that none of them needs to be read", () => {
    const { exports } = JSON.parse(
      Fs.readFileSync(Path.join(consumer.folder, "node_modules/efflux/package.json"), "utf8")
    )
    assert.deepStrictEqual(
      Object.keys(exports).sort(),
      [".", "./package.json", ...modules.map((name) => `./${name}`)].sort()
    )
    assert.notInclude(JSON.stringify(exports), "*")
  })

  it(
    "imports without @effect/platform-node, writes and asks over layerHttp, and says what a transport of Node's needs",
    () => {
      const link = Path.join(consumer.folder, "node_modules/@effect/platform-node")
      const target = Fs.readlinkSync(link)
      Fs.rmSync(link)
      const result = node(`
      import { createServer } from "node:http"
      import { Effect, Layer } from "effect"
      import { FetchHttpClient } from "effect/http"
      import { Influx, InfluxClient, InfluxDatabase } from "efflux"
      const server = createServer((request, response) => {
        request.resume().on("end", () => response.writeHead(204, { "x-influxdb-version": "1.8.10" }).end())
      }).listen(0, "127.0.0.1", async () => {
        const url = "http://127.0.0.1:" + server.address().port
        const push = Influx.push({ measurement: "m", fields: { v: 1 } }).pipe(Effect.andThen(Influx.stats))
        const written = await Effect.runPromise(
          Effect.andThen(Effect.andThen(push, Influx.flush), Influx.stats).pipe(Effect.provide(
            InfluxDatabase.layerHttp({ transport: "http", version: 1, database: "d", url }).pipe(
              Layer.provide(FetchHttpClient.layer)
            )
          ))
        )
        const ping = await Effect.runPromise(InfluxClient.ping.pipe(Effect.provide(
          InfluxClient.layerHttp({ version: 1, url }).pipe(Layer.provide(FetchHttpClient.layer))
        )))
        console.log(written.sent, ping.version)
        await Effect.runPromise(push.pipe(Effect.provide(InfluxDatabase.layer({ drainTimeout: 500 }))))
        server.close()
        server.closeAllConnections()
      })
    `)
      Fs.symlinkSync(target, link)
      assert.match(result.stdout, /^1 1\.8\.10\n/, result.stderr)
      assert.include(result.stdout, "the package @effect/platform-node is not installed")
    }
  )

  it("brings its page for coding agents", () => {
    const page = Fs.readFileSync(Path.join(consumer.folder, "node_modules/efflux/AGENTS.md"), "utf8")
    assert.match(page, /^```ts$/m)
  })

  it("imports under Node: the barrel has every public module, and each is a subpath with the same exports", () => {
    const result = node(`
      import * as barrel from "efflux"
      const names = ${JSON.stringify(modules)}
      const differing = []
      for (const name of names) {
        const module = await import("efflux/" + name)
        if (barrel[name] !== module) differing.push(name)
      }
      const extra = Object.keys(barrel).filter((name) => !names.includes(name))
      console.log(JSON.stringify({ differing, extra, loaded: names.length }))
    `)
    assert.strictEqual(result.stderr, "")
    assert.deepStrictEqual(JSON.parse(result.stdout), { differing: [], extra: [], loaded: modules.length })
  })

  it("gives nothing else: internals and old paths do not resolve", () => {
    const result = node(`
      const errors = {}
      for (const path of ${JSON.stringify(hidden)}) {
        errors[path] = await import(path).then(() => "imported", (error) => error.code)
      }
      console.log(JSON.stringify(errors))
    `)
    assert.deepStrictEqual(
      JSON.parse(result.stdout),
      Object.fromEntries(hidden.map((path) => [path, "ERR_PACKAGE_PATH_NOT_EXPORTED"]))
    )
  })

  const compile = (options: Record<string, unknown>, code: string) => {
    Fs.writeFileSync(Path.join(consumer.folder, "program.ts"), code)
    Fs.writeFileSync(
      Path.join(consumer.folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          target: "ES2024",
          types: ["node"],
          skipLibCheck: true,
          ...options
        },
        files: ["program.ts"]
      })
    )
    const { status, stdout } = spawnSync(Path.join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.json"], {
      cwd: consumer.folder,
      encoding: "utf8"
    })
    return { status, errors: stdout.split("\n").filter((line) => line.includes("error TS")) }
  }

  const resolutions = [
    { module: "NodeNext", moduleResolution: "NodeNext" },
    { module: "ESNext", moduleResolution: "Bundler" }
  ]

  it.each(resolutions)("type-checks with $moduleResolution, barrel and subpaths alike", (options) => {
    const lines = modules.map((name) => `import * as ${name}Path from "efflux/${name}"`)
    const pairs = modules.map((name) => `[barrel.${name}, ${name}Path]`)
    const code = [
      `import * as barrel from "efflux"`,
      ...lines,
      `export const pairs = [${pairs.join(", ")}]`,
      `export const program = barrel.Influx.push({ measurement: "m", fields: { v: 1 } })`
    ]
    assert.deepStrictEqual(compile(options, code.join("\n")), { status: 0, errors: [] })
  })

  it.each(resolutions)("has no types for internals with $moduleResolution", (options) => {
    const { errors } = compile(
      options,
      hidden.map((path, i) => `import * as X${i} from "${path}"\nexport const x${i} = X${i}`).join("\n")
    )
    for (const path of hidden) assert.isTrue(errors.some((error) => error.includes(`'${path}'`)), path)
  })
})
