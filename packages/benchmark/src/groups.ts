/** The groups of figures, each of which can be measured alone. */
import { codecRungs } from "./codec.ts"
import { pushRungs, wayRungs } from "./database.ts"
import { decodeRungs } from "./decode.ts"
import { byId, type Effort, measure, type Measured, ratioOf, type Rung } from "./Measure.ts"
import { readers } from "./Reader.ts"
import { type Part, type Section, tableOf } from "./Report.ts"
import { rivals } from "./Rival.ts"
import { seriesRungs } from "./series.ts"
import { request4x4, type Shape, shapes } from "./Shape.ts"

export interface Task {
  readonly effort: Effort
  /** Only what the promised figures need. */
  readonly promisedOnly: boolean
}

export const encode = async ({ effort, promisedOnly }: Task): Promise<Part> => {
  const { measured, sections } = await eachShape(
    effort,
    promisedOnly,
    codecRungs,
    (shape) => `Encoding: ${shape.name} (${shape.what})`,
    encodeNote
  )
  const writer = byId(measured, "writer")
  const others = measured.filter(({ id }) => rivals.some((rival) => rival.package === id))
  const bytes = ({ bytes }: Measured) => bytes ?? Number.NaN
  return {
    sections,
    figures: new Map([
      ["encode/literal", ratioOf(writer, byId(measured, "literal"))],
      ["encode/joined", ratioOf(writer, byId(measured, "joined"))],
      ["encode/rival", Math.min(...others.map((other) => ratioOf(other, writer)))],
      ["encode/bytes", bytes(byId(measured, "@influxdata/influxdb-client")) / bytes(writer)]
    ])
  }
}

const encodeNote =
  `The template literal does no escaping and checks nothing. The row to compare with is the literal whose
bytes stand in a buffer line by line: that is what the writer does, and what a sender that fills payloads needs, as it has
to see after each line whether it still fits. Joining all lines to one string first, and writing that at once, is cheaper
for a literal; it is only possible where nothing depends on the size of a line. A concatenated string is a tree of its
pieces until someone reads it, so the two rows without bytes are cheaper than they look. Other clients stop at a string,
but for QuestDB's, which fills a buffer. What they want in another form was converted beforehand.`

export const series = async ({ effort }: Task): Promise<Part> => {
  const measured = await measure(seriesRungs(), effort)
  return {
    sections: [{ title: "Encoding: a typed series (request point)", table: tableOf(measured) }],
    figures: new Map([["series/literal", ratioOf(byId(measured, "series"), byId(measured, "literal"))]])
  }
}

export const decode = async ({ effort, promisedOnly }: Task): Promise<Part> => {
  const { measured, sections } = await eachShape(
    effort,
    promisedOnly,
    decodeRungs,
    (shape) => `Decoding: ${shape.name} (${shape.what})`,
    decodeNote
  )
  const others = measured.filter(({ id }) => id === "reader")
  const one = byId(measured, "decode")
  return {
    sections,
    figures: new Map([
      ["decode/encode", ratioOf(byId(measured, "decodeAll"), byId(measured, "writer"))],
      ["decodeLine/encode", ratioOf(one, byId(measured, "writer"))],
      ["decode/rival", Math.min(...others.map((other) => ratioOf(other, one)))]
    ])
  }
}

const decodeNote =
  `What the writer wrote, read back. No client for InfluxDB decodes line protocol. Of the packages on npm
whose name or text has "line protocol", ${
    readers.map((reader) => `\`${reader.package}\``).join(" and ")
  } do, a line at a
time. They split at commas, spaces and equals signs, know no escapes, and make doubles of timestamps and 64-bit integers;
the second leaves the values of fields as they are written. They stand where they read the points as far as that
goes, and are missing where they don't: where a string has a space. \`JSON.parse\` is there for orientation: it is native,
and reads another format.`

/** All shapes; the figures are those of the request point, so that one goes first. */
const eachShape = async (
  effort: Effort,
  promisedOnly: boolean,
  rungsOf: (shape: Shape) => ReadonlyArray<Rung>,
  title: (shape: Shape) => string,
  note: string
): Promise<{ readonly sections: ReadonlyArray<Section>; readonly measured: ReadonlyArray<Measured> }> => {
  // What comes out is asserted for all shapes before the first is timed.
  const all = shapes.map((shape) => ({ shape, rungs: rungsOf(shape) }))
  // All in turn, so that the engine has seen points of all shapes before it decides how to compile what is timed.
  for (let round = 0; effort.time > 0 && round < 150; round++) {
    for (const { rungs } of all) for (const { run } of rungs) run()
  }
  const sections: Array<Section> = []
  let promised: ReadonlyArray<Measured> = []
  for (const { rungs, shape } of all) {
    if (promisedOnly && shape !== request4x4) continue
    const measured = await measure(rungs, effort)
    if (shape === request4x4) promised = measured
    sections.push({
      title: title(shape),
      ...(sections.length === 0 ? { note } : {}),
      table: tableOf(measured)
    })
  }
  return { sections, measured: promised }
}

export const push = async ({ effort }: Task): Promise<Part> => {
  const { close, rungs } = await pushRungs()
  const measured = await measure(rungs, effort)
  await close()
  return {
    sections: [{ title: "What a push costs its caller (request point)", table: tableOf(measured) }],
    figures: new Map()
  }
}

export const way = async ({ effort }: Task): Promise<Part> => {
  const { close, rungs } = await wayRungs()
  const measured = await measure(rungs, effort)
  await close()
  return {
    sections: [{ title: "The whole way of a point (request point)", table: tableOf(measured) }],
    figures: new Map()
  }
}

export const groups = { encode, series, decode, push, way } as const

export type GroupName = keyof typeof groups

export const groupNames = Object.keys(groups) as ReadonlyArray<GroupName>
