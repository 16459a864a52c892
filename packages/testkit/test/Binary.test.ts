import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { Binary } from "../src/index.ts"

const influxd = (version: string) => `#!/bin/sh\necho 'InfluxDB v${version} (git: unknown unknown)'\n`

/** A folder with stand-ins for the tools, removed with the scope. */
const makeSystem = Effect.acquireRelease(
  Effect.sync(() => {
    const root = Fs.mkdtempSync(Path.join(Os.tmpdir(), "efflux-binary-test-"))
    const bin = Path.join(root, "bin")
    Fs.mkdirSync(bin)
    const script = (name: string, text: string) => Fs.writeFileSync(Path.join(bin, name), text, { mode: 0o755 })
    return { root, bin, script, cache: Path.join(root, "cache"), options: options(bin, Path.join(root, "cache")) }
  }),
  ({ root }) => Effect.sync(() => Fs.rmSync(root, { recursive: true }))
)

const options = (searchPath: string, cacheDirectory: string): Binary.FindOptions => ({
  searchPath,
  cacheDirectory,
  explicitPath: ""
})

/** Adds a package with this version of `influxd` to the stand-in for Debian. */
const aptGet = "#!/bin/sh\nfor last; do :; done\n[ \"$last\" = influxdb ] && echo package > influxdb_1.6.7_any.deb\n"
const dpkg = (version: string) =>
  `#!/bin/sh\n/bin/mkdir -p "$3/usr/bin"\n/bin/sleep 0.05\n/bin/cat > "$3/usr/bin/influxd" <<'END'\n${
    influxd(version)
  }END\n/bin/chmod +x "$3/usr/bin/influxd"\n`

describe("Binary", () => {
  it.effect("takes an influxd 1.x from the search path", () =>
    Effect.gen(function*() {
      const { bin, options, script } = yield* makeSystem
      script("influxd", influxd("1.8.10"))
      assert.deepStrictEqual(yield* Binary.find(Binary.influxd, options), {
        _tag: "Available",
        path: Path.join(bin, "influxd"),
        version: "1.8.10",
        source: "path"
      })
    }))

  it.effect("passes over an influxd 2.x, and says in one line what is missing", () =>
    Effect.gen(function*() {
      const { cache, options, script } = yield* makeSystem
      script("influxd", influxd("2.7.1"))
      const located = yield* Binary.find(Binary.influxd, options)
      assert(located._tag === "Unavailable")
      assert.notInclude(located.reason + located.hint, "\n")
      assert.include(located.reason, "no apt-get and dpkg")
      assert.isFalse(Fs.existsSync(cache))
    }))

  it.effect("looks at the explicit path alone when there is one", () =>
    Effect.gen(function*() {
      const { bin, options, script } = yield* makeSystem
      script("influxd", influxd("1.8.10"))
      const missing = yield* Binary.find(Binary.influxd, { ...options, explicitPath: "/nonexistent/influxd" })
      assert.strictEqual(missing._tag, "Unavailable")
      const found = yield* Binary.find(Binary.influxd, { ...options, explicitPath: Path.join(bin, "influxd") })
      assert(found._tag === "Available")
      assert.strictEqual(found.source, "environment")
    }))

  it.effect("fills the cache once when several do it at the same time, and leaves nothing else there", () =>
    Effect.gen(function*() {
      const { cache, options, script } = yield* makeSystem
      script("apt-get", aptGet)
      script("dpkg", dpkg("1.6.7"))
      const all = yield* Effect.all(Array.from({ length: 4 }, () => Binary.find(Binary.influxd, options)), {
        concurrency: "unbounded"
      })
      const paths = all.map((located) => located._tag === "Available" ? located.path : located.reason)
      assert.strictEqual(new Set(paths).size, 1)
      assert.deepStrictEqual(Fs.readdirSync(cache), [`influxd-${process.arch}`])
      const again = yield* Binary.find(Binary.influxd, { ...options, fetch: false })
      assert(again._tag === "Available")
      assert.strictEqual(again.source, "cache")
    }))

  it.effect("replaces a cached influxd that does not run", () =>
    Effect.gen(function*() {
      const { cache, options, script } = yield* makeSystem
      script("apt-get", aptGet)
      script("dpkg", dpkg("1.6.7"))
      const folder = Path.join(cache, `influxd-${process.arch}`, "usr/bin")
      Fs.mkdirSync(folder, { recursive: true })
      Fs.writeFileSync(Path.join(folder, "influxd"), "cut off", { mode: 0o755 })
      const located = yield* Binary.find(Binary.influxd, options)
      assert(located._tag === "Available")
      assert.strictEqual(located.source, "debian")
      assert.deepStrictEqual(Fs.readdirSync(cache), [`influxd-${process.arch}`])
    }))

  it.effect("fetches lists of its own when the system has none", () =>
    Effect.gen(function*() {
      const { options, root, script } = yield* makeSystem
      script(
        "apt-get",
        `#!/bin/sh\necho "$*" >> ${root}/calls\ncase "$*" in\n*update) exit 0;;\n*lists=*) echo p > influxdb.deb;;\n*) echo 'E: Unable to locate package influxdb' >&2; exit 100;;\nesac\n`
      )
      script("dpkg", dpkg("1.6.7"))
      const located = yield* Binary.find(Binary.influxd, options)
      assert.strictEqual(located._tag, "Available")
      const calls = Fs.readFileSync(Path.join(root, "calls"), "utf8").trim().split("\n")
      assert.deepStrictEqual(calls.map((call) => call.endsWith(" update")), [false, true, false])
    }))

  it.effect("gives apt's own complaint when the package can't be fetched, and cleans up", () =>
    Effect.gen(function*() {
      const { cache, options, script } = yield* makeSystem
      script("apt-get", "#!/bin/sh\necho 'E: Unable to locate package influxdb' >&2\nexit 100\n")
      script("dpkg", dpkg("1.6.7"))
      const located = yield* Binary.find(Binary.influxd, options)
      assert(located._tag === "Unavailable")
      assert.include(located.reason, "fetched: Unable to locate package influxdb")
      assert.deepStrictEqual(Fs.readdirSync(cache), [])
    }))
})
