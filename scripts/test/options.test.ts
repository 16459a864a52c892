/** What editors and the documentation say of options. */
import { assert, describe, it } from "@effect/vitest"
import { ClientConfig, DatabaseConfig } from "efflux"
import * as Fs from "node:fs"
import { write as writeFields } from "../../packages/efflux/src/internal/query/OperationOptions.ts"
import { comments, pages, tables, written } from "../options.ts"

describe("options", () => {
  it.each(pages)("are in %s as an editor shows them, with their defaults", (page) => {
    const cells = (text: string) => text.split("\n").map((line) => line.replace(/\s*\|\s*/g, "|").replace(/-+/g, "-"))
    const text = Fs.readFileSync(page, "utf8")
    assert.deepStrictEqual(cells(text), cells(written(text)), "node scripts/options.ts writes the tables")
  })

  it("have each table on one page, and each option of every configuration in a table", () => {
    const text = pages.map((page) => Fs.readFileSync(page, "utf8")).join("\n")
    const all = tables()
    for (const name of all.keys()) assert.strictEqual(text.split(`<!-- options: ${name} -->`).length, 2, name)
    const options = new Set([...all.values()].flat().map(([option]) => /`(\w+)`/.exec(option!)![1]))
    const { http, tcp, udp } = DatabaseConfig.schemas
    for (const { fields } of [udp, tcp, ...Object.values(http), ...Object.values(ClientConfig.schemas)]) {
      for (const option of Object.keys(fields)) assert.isTrue(options.has(option), option)
    }
  })

  const shown = comments()

  it("and all members of public interfaces and classes say what they are where an editor shows it", () => {
    assert.isAbove(shown.size, 100)
    // The property of an error is JavaScript's own.
    const silent = [...shown].flatMap(([type, members]) =>
      [...members].filter(([name, text]) => text === "" && name !== "message").map(([name]) => `${type}.${name}`)
    )
    assert.deepStrictEqual(silent, [])
  })

  it("each say what they do where an editor shows it", () => {
    const interfaces = [
      ["DatabaseConfig.UdpConfig", DatabaseConfig.schemas.udp],
      ["DatabaseConfig.TcpConfig", DatabaseConfig.schemas.tcp],
      ["DatabaseConfig.HttpV1Config", DatabaseConfig.schemas.http[1]],
      ["DatabaseConfig.HttpV2Config", DatabaseConfig.schemas.http[2]],
      ["DatabaseConfig.HttpV3Config", DatabaseConfig.schemas.http[3]],
      ["ClientConfig.V1Options", ClientConfig.schemas[1]],
      ["ClientConfig.V2Options", ClientConfig.schemas[2]],
      ["ClientConfig.V3Options", ClientConfig.schemas[3]],
      ["InfluxClient.WriteOptions", { fields: writeFields }]
    ] as const
    for (const [name, { fields }] of interfaces) {
      assert.sameMembers([...shown.get(name)!.keys()], Object.keys(fields), name)
      for (const [option, text] of shown.get(name)!) assert.match(text, /\w+ \w+.*\.$/, `${name}.${option}`)
    }
  })
})
