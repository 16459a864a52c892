import { assert, describe, it } from "@effect/vitest"
import * as Path from "node:path"
import { hasChromium } from "../../packages/testkit/src/chromium.ts"
import { bundle, runInChromium, runInRealm, sizes } from "../browser.ts"
import { root } from "../fences.ts"
import { hostile } from "./browser/codec.ts"

/** Bundles a program of the folder `browser`. The page stores what its `report` returns. */
const program = (file: string) =>
  bundle(
    `import { report } from ${JSON.stringify(Path.join(root, "scripts/test/browser", file))}\n` +
      `globalThis.report = (${json})(report())`
  )

/** JSON with bigints: `-1n`. */
const json = (value: unknown): string =>
  JSON.stringify(value, (_, value) => typeof value === "bigint" ? `${value}n` : value)

const asJson = (value: unknown): unknown => JSON.parse(json(value))

const places = [
  { place: "a realm with what all browsers have", run: async (code: string) => runInRealm(code) },
  ...(hasChromium ? [{ place: "Chromium", run: runInChromium }] : [])
]
if (!hasChromium) console.log("browser: no /usr/bin/chromium here, so the bundles run in a bare realm alone")

describe("a browser", () => {
  it.each(["LineProtocol", "Point", "Precision", "Series", "InfluxQL", "Flux", "Sql"])(
    "can import efflux/%s: it brings nothing of Node",
    async (name) => {
      const made = await bundle(`import * as ${name} from "efflux/${name}"\nexport { ${name} }`)
      const { gzip, raw } = sizes(made)
      console.log(`browser: efflux/${name} takes ${raw} bytes, ${gzip} with gzip`)
      assert.deepStrictEqual(made.foreign, [])
    }
  )

  it.each(places)("writes and reads a hostile point, in $place", async ({ run }) => {
    const { code, foreign } = await program("codec.ts")
    assert.deepStrictEqual(foreign, [])
    assert.deepStrictEqual(
      JSON.parse(await run(code)),
      asJson({
        line: "a\\,\\ b=c\"é\u{1f600},__proto__=x\\ y,k\\=\\,\"\\ \u{10ffff}=\\v\\,\\ \\=\ufeff" +
          " big=-9223372036854775808i,f\\ l\\,o\\=at=5e-324,nega\"tive=-0" +
          ",string=\"line\nfeed \\\"quoted\\\\\\\" \\\\ \u0000 </script> \u2028\",true=true" +
          ",unsigned=18446744073709551615u -9223372036854775806",
        decoded: hostile,
        negativeZero: true,
        again: true,
        isPoint: true,
        refused: "field key: \"time\" is reserved and would be dropped by the server, got \"time\"",
        streamed: [hostile.measurement, "line 3, column 4: expected a space and fields", "cpu"],
        seconds: -1n
      })
    )
  })

  it.each(places)("writes and reads a typed series, in $place", async ({ run }) => {
    const { code, foreign } = await program("series.ts")
    assert.deepStrictEqual(foreign, [])
    assert.deepStrictEqual(JSON.parse(await run(code)), {
      line: "web_vitals,__proto__=p,device\\ class=phone,page=/a\\ b " +
        "load=12.5,clicks=3i,memory=18446744073709551615u,cached=false 1767225600000000000",
      load: 12.5,
      timestamps: ["1767225600000000000n", "1767225600000000000n"],
      clicks: "2n",
      again: true,
      refused:
        "field value of \"clicks\": must be a value that the Schema of its series takes: Expected bigint, got \"3\""
    })
  })
})

describe("what no browser has", () => {
  it.each([
    [
      "a transport",
      `export * as UdpTransport from "../../packages/efflux/src/internal/transport/UdpTransport.ts"`,
      "@effect/platform-node-shared"
    ],
    [
      "what a transport imports",
      `export * as UdpTransport from "../../packages/efflux/src/internal/transport/UdpTransport.ts"`,
      "node:dgram in @effect/platform-node-shared/dist/NodeDatagramSocket.js"
    ],
    [
      "an import",
      `import * as Fs from "node:fs"\nexport const text = Fs.readFileSync("/")`,
      "node:fs in scripts/test/entry.js"
    ],
    [
      "an import beside a series",
      `import "node:dgram"\nexport * as Series from "efflux/Series"`,
      "node:dgram in scripts/test/entry.js"
    ],
    ["an import without prefix", `import { once } from "events"\nexport { once }`, "events in scripts/test/entry.js"],
    ["an unused import", `import * as Fs from "node:fs"`, "node:fs in scripts/test/entry.js"],
    ["a late import", `export const load = () => import("node:dgram")`, "node:dgram in scripts/test/entry.js"],
    ["a require", `export const load = () => require("fs/promises")`, "fs/promises in scripts/test/entry.js"],
    ["a module that is not there", `export * as Missing from "efflux-missing"`, "efflux-missing"]
  ])("is reported: %s", async (_, code, complaint) => {
    assert.include((await bundle(code)).foreign, complaint)
  })

  it("is passed over where it is not part of the bundle", async () => {
    assert.deepStrictEqual((await bundle(`import { Precision } from "efflux"\nexport { Precision }`)).foreign, [])
  })

  it.each(places)("fails where it is a global of Node, in $place", async ({ run }) => {
    const { code } = await bundle(`globalThis.report = Buffer.from("text").toString("base64")`)
    assert.match(await run(code).then(() => "it ran", String), /Buffer is not defined/)
  })
})
