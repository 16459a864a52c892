/**
 * Points whose fate is known in advance, once a sender takes them. A sendable point carries its number in the tag
 * `n`, and the last of its fields is `z`, so its lines can be recognised in a payload.
 */
import type { SeededRandom } from "@efflux/testkit/SeededRandom"
import type { Point } from "efflux"
import type { DatabaseSettings } from "../../efflux/src/internal/config/DatabaseSettings.ts"

export type Fate = "sendable" | "invalid" | "oversize"

export interface SomePoint {
  readonly input: Point.Input
  readonly fate: Fate
  /** Whether it gets an automatic timestamp. */
  readonly isStamped: boolean
  readonly measurement: string | undefined
  /** What it counts towards `queueBytes`. */
  readonly bytes: number
}

// Digits of a time of these years, by precision.
const digits = { ns: 19, us: 16, ms: 13, s: 10, m: 8, h: 6 }

// The estimate of a point, and of each tag and field, without the texts.
const objectBytes = 128
const propertyBytes = 32

const many = { a: 1, b: 2.5, c: "third", d: 4n, e: false }
const manyWritten = ["a=1", "b=2.5", "c=\"third\"", "d=4i", "e=false"]
const long = "x".repeat(100)
const huge = "x".repeat(1200)
// Counted as three bytes a character.
const cyrillic = "ж".repeat(50)

export const somePoint = (random: SeededRandom, number: number, settings: DatabaseSettings): SomePoint => {
  const measurement = random.pick(["m", "m", "k"])
  const tags = { n: number }
  const stamps = settings.timestamps === "client"

  const good = (fields: { readonly [key: string]: Point.FieldValue }, written: ReadonlyArray<string>, at?: bigint) => {
    // A space and the timestamp, which is a single digit where the point has one of its own.
    const time = at !== undefined ? 2 : stamps ? 1 + digits[settings.precision] : 0
    const fits = (texts: ReadonlyArray<string>) =>
      Buffer.byteLength(`${measurement},n=${number} ${texts.join(",")}`) + time <= settings.maxPayloadBytes
    const texts = [...written, "z=true"]
    // Without a timestamp the lines of a split point would be points of their own.
    const splits = settings.oversize === "split" && time > 0 && texts.every((text) => fits([text]))
    const point: SomePoint = {
      input: { measurement, tags, fields: { ...fields, z: true }, ...(at !== undefined && { timestamp: at }) },
      fate: fits(texts) || splits ? "sendable" : "oversize",
      isStamped: stamps && at === undefined,
      measurement,
      // The names of all tags and fields are one character long.
      bytes: objectBytes + 1 + (1 + texts.length) * (propertyBytes + 1) + textBytes(Object.values(fields))
    }
    return point
  }
  const bad = (input: unknown, name: string | undefined, bytes: number): SomePoint => ({
    input: input as Point.Input,
    fate: "invalid",
    isStamped: stamps,
    measurement: name,
    bytes
  })

  switch (random.integer(0, 11)) {
    case 0: {
      const text = random.pick([long, cyrillic, huge])
      return good({ a: text }, [`a="${text}"`])
    }
    case 1:
    case 2:
      return good(many, manyWritten)
    case 3:
      return good({}, [], 1n)
    case 4:
      return bad({ measurement: "", fields: { z: true } }, "", objectBytes + propertyBytes + 1)
    case 5:
      return bad(
        {
          measurement,
          get fields(): never {
            throw new Error("simulated")
          }
        },
        measurement,
        objectBytes
      )
    case 6:
      return random.chance(0.5)
        ? bad({ measurement, fields: {} }, measurement, objectBytes + 1)
        : bad(random.pick([undefined, null, 1, "m,n=1 z=true"]), undefined, objectBytes)
    default:
      return good({}, [])
  }
}

// The fields of a self-report, without the drop reasons.
const reported = ["pushed", "sent", "queued", "in_flight", "payloads", "bytes", "omitted_fields", "refusals"]

/** A self-report of a database: larger than any payload of the simulation. */
export const selfReport = (
  { name, timestamps }: DatabaseSettings,
  reasons: ReadonlyArray<string>
): SomePoint => {
  const fields = [...reported, ...reasons.map((reason) => `dropped_${reason}`)]
  const names = ["name", ...fields]
  return {
    input: {
      measurement: "efflux",
      tags: { name },
      fields: Object.fromEntries(fields.map((field) => [field, 0n]))
    },
    fate: "oversize",
    isStamped: timestamps === "client",
    measurement: "efflux",
    bytes: objectBytes + "efflux".length + name.length + names.length * propertyBytes + names.join("").length
  }
}

const textBytes = (values: ReadonlyArray<unknown>): number =>
  values.reduce<number>(
    (sum, value) => sum + (typeof value === "string" ? value.length * (/^[\0-\x7f]*$/.test(value) ? 1 : 3) : 0),
    0
  )
