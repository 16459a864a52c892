/** Points as hostile as a program can make them, for property tests. They shrink. */
import { Arbitrary, DateTime, Schema } from "effect"
import { Point } from "efflux"

export const below = (limit: number) =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: limit - 1 })))

export const oneOf = <A>(...choices: ReadonlyArray<Arbitrary.Arbitrary<A>>): Arbitrary.Arbitrary<A> =>
  Arbitrary.flatMap(below(choices.length), (index) => choices[index])

export const pick = <const A extends ReadonlyArray<unknown>>(...values: A): Arbitrary.Arbitrary<A[number]> =>
  Arbitrary.map(below(values.length), (index) => values[index])

const halves = (high: number, low: number): DataView => {
  const view = new DataView(new ArrayBuffer(8))
  view.setUint32(0, high)
  view.setUint32(4, low)
  return view
}

const bits = Arbitrary.all([below(2 ** 32), below(2 ** 32)])

/** Doubles of all bit patterns, NaN and the infinities among them. */
export const double = Arbitrary.map(bits, ([high, low]) => halves(high, low).getFloat64(0))

/** Numbers as people write them: `n / 10^k`. */
export const decimal = Arbitrary.map(
  Arbitrary.all([Arbitrary.schema(Schema.Int), below(16)]),
  ([n, digits]) => n / 10 ** digits
)

export const number = oneOf<number>(
  double,
  decimal,
  Arbitrary.map(below(2 ** 32), (n) => n - 2 ** 31),
  pick(0, -0, 5e-324, 1e21, 2 ** 53, Number.MAX_VALUE, Number.NaN, Number.POSITIVE_INFINITY)
)

/** 64-bit integers of all sizes, the edges, and beyond. */
export const integer = oneOf<bigint>(
  Arbitrary.map(
    Arbitrary.all([bits, below(64)]),
    ([[high, low], shift]) => halves(high, low).getBigInt64(0) >> BigInt(shift)
  ),
  pick(2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, -(2n ** 63n) - 1n, 10n ** 9n, 2n ** 32n, 10n ** 18n),
  Arbitrary.schema(Schema.BigInt)
)

const piece = pick(
  ..."ab\\,= \"#i\n\r\t\u0000\u007f\u0080é漢\u2028\ufeff\ue000😀",
  "host",
  "\ud83d",
  "\ude00",
  "long ".repeat(20),
  "日本語".repeat(30)
)

/** Strings out of pieces that mean something somewhere. */
export const hostile = oneOf<string>(
  Arbitrary.map(Arbitrary.array(piece, { maxLength: 6 }), (pieces) => pieces.join("")),
  Arbitrary.schema(Schema.String)
)

/** Names that most points have, so that many points can be written, and share keys. */
const tame = pick("region name", ..."a b cpu host route a,b x=y grüße 😀 \ue000 __proto__".split(" "))

// Three times out of four, so that a point of many parts still has a chance.
const mostly = <A>(usual: Arbitrary.Arbitrary<A>, other: Arbitrary.Arbitrary<A>) => oneOf(usual, usual, usual, other)

const name = mostly<string>(tame, hostile)

const absent: Arbitrary.Arbitrary<null | undefined> = pick(null, undefined)

const tagValue = oneOf<Point.TagValue | null | undefined>(
  name,
  name,
  name,
  number,
  integer,
  pick(true, false, ""),
  absent
)

const fieldValue = oneOf<Point.FieldValue | null | undefined>(
  number,
  number,
  integer,
  hostile,
  pick(true, false),
  absent,
  Arbitrary.map(integer, (value) => Point.uint(value))
)

// `Object.fromEntries` defines `__proto__` like any other key.
const record = <A>(value: Arbitrary.Arbitrary<A>) =>
  Arbitrary.map(
    Arbitrary.array(Arbitrary.all([name, value]), { maxLength: 5 }),
    (entries): { readonly [key: string]: A } => Object.fromEntries(entries)
  )

const timestamp = oneOf<Point.Timestamp | undefined>(
  pick(undefined),
  integer,
  Arbitrary.map(integer, (n) => new Date(Number(n / 1_000_000n))),
  Arbitrary.map(below(2 ** 32), (n) => DateTime.makeUnsafe(n * 1000))
)

/** Points, good and bad. */
export const point: Arbitrary.Arbitrary<Point.Input> = Arbitrary.map(
  Arbitrary.all({
    measurement: name,
    tags: oneOf<Point.Input["tags"]>(record(tagValue), record(tagValue), pick(undefined)),
    fields: record(fieldValue),
    timestamp
  }),
  ({ fields, measurement, tags, timestamp }) => ({
    measurement,
    fields,
    ...(tags === undefined ? {} : { tags }),
    ...(timestamp === undefined ? {} : { timestamp })
  })
)
