/** Points that can't be written, one or more for each way in which a point can be invalid. */
import { Point } from "efflux"
import { revoked, throwing, throws, unreadable } from "./hostile.ts"

/** A point, and what a log must say of it. */
export type BadPoint = readonly [point: unknown, log: RegExp]

const fields = { v: 1 }
const timestamp = 5n

/** An otherwise good point. */
const but = (parts: object) => ({ measurement: "bad", fields, timestamp, ...parts })

const controls = ["\n", "\u0000", "\t", "\r", "\u007f"].flatMap((c): ReadonlyArray<BadPoint> => [
  [but({ measurement: `bad${c}bogus v=1` }), /characters .* in measurements, got "bad/],
  [but({ tags: { [`a${c}bogus`]: "x" } }), /control characters .* in tag keys/],
  [but({ tags: { a: `x${c}bogus v=1` } }), /of "a": .*control characters .* in tag values/],
  [but({ fields: { [`a${c}bogus`]: 1 } }), /control characters .* in field keys/]
])

const noNumbers = { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: null, d: undefined }
const noPoint = "point: a point must be an object with a measurement and fields"
/** What is said of a point that is larger than a payload; the others are invalid. */
export const tooLong =
  /oversize in ".*": point: the line is longer than the payload limit of 1432 bytes \(.*\), got at least \d{4,}$/
const special = "must not have a backslash directly before"

export const badPoints: ReadonlyArray<BadPoint> = [
  [undefined, new RegExp(`${noPoint}$`)],
  [null, new RegExp(`${noPoint}, got null$`)],
  [1, new RegExp(`${noPoint}, got 1$`)],
  [{}, /a measurement must be a string$/],
  ["bad v=1", new RegExp(`${noPoint}, got "bad v=1"$`)],
  [but({ measurement: 7 }), /measurement must be a string, got 7$/],
  [but({ fields: {} }), /fields: a point needs at least one field/],
  [{ measurement: "bad" }, /fields: a point needs at least one field/],
  [but({ fields: noNumbers }), /fields: a point needs at least one field with a finite value$/],
  [but({ measurement: "" }), /measurement: must not be empty, got ""$/],
  [but({ tags: { "": "x" } }), /tag key: must not be empty/],
  [but({ fields: { "": 1 } }), /field key: must not be empty/],
  ...controls,
  [but({ measurement: "bad\\" }), /measurements must not end in a backslash, got "bad\\\\"$/],
  [but({ tags: { "a\\": "x" } }), /tag keys must not end in a backslash/],
  [but({ tags: { a: "x\\" } }), /of "a": tag values must not end in a backslash/],
  // The line that a naive encoder makes of this one ends InfluxDB 1.6.
  [but({ fields: { "a\\": "=" } }), /field keys must not end in a backslash/],
  [but({ measurement: "bad\\,x" }), new RegExp(`measurements ${special}`)],
  [but({ fields: { "a\\ b": 1 } }), new RegExp(`field keys ${special}`)],
  [but({ measurement: "#bad" }), /measurement: must not begin with "#"/],
  [but({ measurement: "bad\ud800" }), /measurement: must be well-formed Unicode/],
  [but({ tags: { "a\udc00": "x" } }), /tag key: must be well-formed Unicode/],
  [but({ tags: { a: "\ud800x" } }), /tag value of "a": must be well-formed Unicode/],
  [but({ fields: { "a\ud800": 1 } }), /field key: must be well-formed Unicode/],
  [but({ fields: { a: "x\ud800" } }), /field value of "a": must be well-formed Unicode/],
  [but({ tags: { time: "x" } }), /tag key: "time" is reserved/],
  [but({ fields: { time: 1, v: 1 } }), /field key: "time" is reserved/],
  [
    but({ fields: { a: { b: 1 } } }),
    /field value of "a": must be a number, bigint, boolean, string or Point.uint\(…\), got object$/
  ],
  [but({ fields: { a: Symbol("s") } }), /field value of "a": must be .*, got Symbol\(s\)$/],
  [but({ tags: { a: ["x"] } }), /of "a": must be a string, number, bigint or boolean, got an Array$/],
  [but({ tags: new Map([["a", "x"]]) }), /tags: must be a plain object with a property for each, got a Map$/],
  [
    but({ timestamp: 1_700_000_000_000 }),
    /timestamp: must be a bigint of nanoseconds, a Date or a DateTime, got 1700000000000$/
  ],
  [but({ timestamp: 2n ** 63n - 1n }), /timestamp: must be an instant from .* got 9223372036854775807n$/],
  [but({ timestamp: new Date(Number.NaN) }), /timestamp: .* got "an invalid Date"$/],
  [but({ timestamp: new Date("2263-01-01") }), /timestamp: must be an instant from/],
  [but({ fields: { a: 2n ** 63n } }), /a 64-bit integer .* got 9223372036854775808n$/],
  [but({ fields: { a: -(2n ** 63n) - 1n } }), /field value of "a": must be a 64-bit integer/],
  [
    but({ fields: { a: Point.uint(1n) } }),
    /field value of "a": this dialect has no unsigned integers \(see the option dialect\), got 1n$/
  ],
  [Object.defineProperty(but({}), "fields", { get: throws }), /point: reading the point threw Error "no"$/],
  [Object.defineProperty(but({}), "timestamp", { get: throws }), /point: reading the point threw Error "no"$/],
  [{ measurement: "bad", fields: throwing("b", { a: 1 }) }, /point: reading the point threw Error "no"$/],
  [unreadable, /point: reading the point threw Error "no"$/],
  [revoked, /point: reading the point threw TypeError/],
  // Parts of the line are written before the bad one is met.
  [but({ tags: { a: "ok", b: "x\n" } }), /of "b": must not contain control characters/],
  [but({ tags: [] }), /tags: must be a plain object with a property for each, got an Array$/],
  [but({ fields: { a: "x".repeat(100), b: "\ud800" } }), /field value of "b": must be well-formed Unicode/],
  [but({ fields: { a: 1, b: 2n ** 64n } }), /field value of "b": must be a 64-bit integer/],
  [but({ fields: { a: 1, "b\\": 2 } }), /field keys must not end in a backslash/],
  [but({ fields: { a: "x".repeat(1432) } }), tooLong],
  [but({ measurement: "b".repeat(70_000) }), tooLong],
  [but({ tags: { a: "ü".repeat(720) } }), tooLong]
]
