/** The short texts of all conformance rows of decoding that are here, as bytes. */
import * as Fs from "node:fs"
import { foreignRows } from "./foreignRows.ts"
import { readRows, type Text, textOf } from "./rows.ts"

const files = [new URL("../conformance/decoder.jsonl", import.meta.url), foreignRows("decoder-unit.jsonl")]

export const decoderTexts = files.filter((file) => Fs.existsSync(file)).flatMap((file) =>
  readRows<{ readonly text: Text }>(file).map((row) => {
    const text = textOf(row.text)
    return typeof text === "string" ? new TextEncoder().encode(text) : text
  })
).filter((text) => text.length < 300)
