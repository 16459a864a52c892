/** The groups of figures, each of which can be measured alone. */
import { codecRungs } from "./codec.ts"
import { decodeRungs } from "./decode.ts"
import { flatPairs } from "./flat.ts"
import { cacheSection } from "./kinds/caches.ts"
import { decodeKindRungs } from "./kinds/decode.ts"
import { encodeKindRungs } from "./kinds/encode.ts"
import { besideGo } from "./kinds/go.ts"
import { measureKinds } from "./kinds/Kind.ts"
import * as Loads from "./loads.ts"
import { byId, type Effort, measure, type Measured, ratioOf, type Rung } from "./Measure.ts"
import { pushRungs } from "./push.ts"
import { readers } from "./Reader.ts"
import { type Part, type Section, tableOf } from "./Report.ts"
import * as Rival from "./Rival.ts"
import { seriesRungs } from "./series.ts"
import { request4x4, type Shape, shapes } from "./Shape.ts"
import * as Startup from "./startup/startup.ts"
import { wayRungs } from "./way.ts"

export interface Task {
  readonly effort: Effort
  /** Only what the promised figures need. */
  readonly promisedOnly: boolean
  /** How long ten times too much is pushed. */
  readonly overloadSeconds: number
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
  const others = measured.filter(({ id }) => Rival.rivals.some((rival) => rival.package === id))
  const bytes = ({ bytes }: Measured) => bytes ?? Number.NaN
  return {
    sections,
    figures: new Map([
      ["encode/literal", ratioOf(writer, byId(measured, "literal"))],
      ["encode/joined", ratioOf(writer, byId(measured, "joined"))],
      ["encode/string", ratioOf(byId(measured, "encode"), byId(measured, "string"))],
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
    sections: [{ title: "Encoding: a typed series (request point)", note: seriesNote, table: tableOf(measured) }],
    figures: new Map([
      ["series/literal", ratioOf(byId(measured, "series"), byId(measured, "literal"))],
      ["series/plain", ratioOf(byId(measured, "series"), byId(measured, "plain"))]
    ])
  }
}

const seriesNote =
  `The points hold their values; names were escaped when the series was made. The values of a point are read
by \`for … in\`, which is the only way to read keys that the engine does not know without generating code at run time, and
are written while they are read, by the same loop that writes the tags and fields of a plain point. Code generated for each
series would read faster; browsers and hardened hosts forbid it.`

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
  const sections: Array<Section> = []
  const figures = new Map<string, number>()
  for (const state of ["full", "drained"] as const) {
    const { close, rungs } = await pushRungs(state)
    const measured = await measure(rungs, effort)
    await close()
    sections.push({
      title: `What a push costs its caller: the queue is ${state} (request point)`,
      ...(state === "full" ? { note: pushNote } : {}),
      table: tableOf(measured)
    })
    figures.set(`push/offer ${state}`, ratioOf(byId(measured, "push"), byId(measured, "offer")))
    figures.set(`pushUnsafe/offerUnsafe ${state}`, ratioOf(byId(measured, "pushUnsafe"), byId(measured, "offerUnsafe")))
  }
  return { sections, figures }
}

const pushNote =
  `Beside a bare \`Queue.sliding\` of Effect. Where the queue is full, every push sheds the oldest point, the
dearest case. A point without a timestamp is stamped: the clock is read, and the point kept together with its time.`

export const way = async ({ effort }: Task): Promise<Part> => {
  const { close, rungs } = await wayRungs()
  const measured = await measure(rungs, effort)
  await close()
  return {
    sections: [{ title: "The whole way of a point, in one process (request point)", table: tableOf(measured) }],
    figures: new Map()
  }
}

export const flat = async ({ effort }: Task): Promise<Part> => {
  const { close, pairs } = await flatPairs()
  const rows: Array<Measured> = []
  const figures = new Map<string, number>()
  for (const { id, rungs } of pairs) {
    const [few, many] = await measure(rungs, effort)
    rows.push(few, many)
    figures.set(`flat/${id}`, ratioOf(many, few))
  }
  await close()
  return {
    sections: [{ title: "Few and many", note: flatNote, table: tableOf(rows) }],
    figures
  }
}

const flatNote =
  `A point on its whole way to a sender that throws payloads away, a few of a thing beside many of it. Each
pair was measured in turn; the ratio is that to the first of the pair.`

export const kinds = async ({ effort, promisedOnly }: Task): Promise<Part> => {
  const encoded = await measureKinds("Kinds of lines: encoding", kindsNote, encodeKindRungs(), effort)
  const rungs = decodeKindRungs()
  const decoded = await measureKinds("Kinds of lines: decoding", kindsNote, rungs, effort)
  return {
    sections: [
      encoded.section,
      decoded.section,
      ...(promisedOnly ? [] : [await cacheSection(rungs, effort), await besideGo(rungs, effort)])
    ],
    figures: new Map([["kinds/encode", encoded.worst.ratio], ["kinds/decode", decoded.worst.ratio]])
  }
}

const kindsNote =
  `The request point with one thing changed. The ratio is that of the time per byte of line to the plain request point.`

const loadOf = (effort: Effort) => effort.time === 0 ? { rounds: 1, millis: 1 } : { rounds: 7, millis: 250 }

export const rivals = ({ effort }: Task): Promise<Part> => Loads.rivals(loadOf(effort))

export const http = ({ effort }: Task): Promise<Part> => Loads.http(loadOf(effort))

export const overload = ({ effort, overloadSeconds }: Task): Promise<Part> =>
  Loads.overload(effort.time === 0 ? 1 : overloadSeconds)

export const startup = ({ effort }: Task): Promise<Part> =>
  Startup.startup(effort.time === 0 ? 1 : 2 * effort.rounds + 1)

export const groups = { encode, series, decode, kinds, push, way, rivals, http, flat, overload, startup } as const

export type GroupName = keyof typeof groups

export const groupNames = Object.keys(groups) as ReadonlyArray<GroupName>
