/** The groups of figures, each of which can be measured alone. */
import { codecRungs } from "./codec.ts"
import { decodeRungs } from "./decode.ts"
import { flatPairs } from "./flat.ts"
import { cacheSection } from "./kinds/caches.ts"
import { decodeKindRungs, strangeKeys } from "./kinds/decode.ts"
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
  /** Whether to measure only what the promised figures need. */
  readonly promisedOnly: boolean
  /** Seconds of overload. */
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
  `The template literal escapes and checks nothing. Compare with the literal that is written into a buffer line
by line: the writer does the same, because a sender that fills payloads has to know after each line whether it still fits.
Joining all lines to one string first is cheaper for a literal, but possible only where the size of a line does not matter.
V8 keeps a concatenated string as a tree of its pieces until it is read, so the two rows without bytes leave out a part of the work.
Other clients stop at a string, except QuestDB's, which fills a buffer. Points that a client wants in another form were
converted beforehand.`

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
  `The points hold their values; names were escaped when the series was made. The loop that writes the tags
and fields of a plain point also reads and writes the values of a series, by \`for … in\`. Code generated for each series
would read them faster, but browsers and hardened hosts forbid it.`

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
  `What the writer wrote, read back. Other InfluxDB clients do not decode line protocol. Of the packages on npm
whose name or text has "line protocol", ${readers.map((reader) => `\`${reader.package}\``).join(" and ")} do, one line
at a time. They split at commas, spaces and equals signs, know no escapes, and read timestamps and 64-bit integers as
doubles; the second keeps the values of fields as text. They are missing from tables whose points they misread because a
string has a space. \`JSON.parse\` is there for orientation: it is native code, and reads another format.`

/** Measures all shapes. The promised figures are those of the request point. */
const eachShape = async (
  effort: Effort,
  promisedOnly: boolean,
  rungsOf: (shape: Shape) => ReadonlyArray<Rung>,
  title: (shape: Shape) => string,
  note: string
): Promise<{ readonly sections: ReadonlyArray<Section>; readonly measured: ReadonlyArray<Measured> }> => {
  // The output for all shapes is checked before anything is timed.
  const all = shapes.map((shape) => ({ shape, rungs: rungsOf(shape) }))
  // Runs all in turn, so that the engine has seen every shape before it optimises the code that is timed.
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
  `The row to compare with is a bare \`Queue.sliding\` of Effect. If the queue is full, every push sheds the oldest
point, which is the most expensive case. A point without a timestamp gets one: the clock is read, and the time kept with the
point.`

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
  `A point on its whole way to a transport that throws payloads away, with few and with many databases, queued
points and series. The two rows of a pair were measured in turn; the ratio is that to the first of them.`

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
    figures: new Map([
      ["kinds/encode", encoded.worst()],
      ["kinds/decode", decoded.worst()],
      [strangeKeys, decoded.worst(strangeKeys)]
    ])
  }
}

const kindsNote =
  `The request point with one thing changed. The ratio is that of the time per byte, to the plain request point.`

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
