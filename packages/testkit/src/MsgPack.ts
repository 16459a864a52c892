/** Writes MessagePack as InfluxDB 1 does: integers of the fewest bytes, floats of eight, instants as an extension. */

/** An instant, in nanoseconds since the epoch. */
export class Time {
  readonly nanos: bigint
  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

/** The bytes of a value. A bigint is an integer, a number a float; undefined members of an object are left out. */
export const encode = (value: unknown): Uint8Array => Buffer.concat([...parts(value)])

function* parts(value: unknown): Generator<Uint8Array> {
  if (value === null || value === undefined) return yield Uint8Array.of(0xc0)
  if (typeof value === "boolean") return yield Uint8Array.of(value ? 0xc3 : 0xc2)
  if (typeof value === "bigint") return yield integer(value)
  if (typeof value === "number") {
    const bytes = Buffer.alloc(9)
    bytes[0] = 0xcb
    bytes.writeDoubleBE(value, 1)
    return yield bytes
  }
  if (typeof value === "string") {
    const text = Buffer.from(value)
    yield text.length < 32 ? Uint8Array.of(0xa0 | text.length) : sized([0xd9, 0xda, 0xdb], text.length)
    return yield text
  }
  if (value instanceof Time) {
    const bytes = Buffer.alloc(15)
    bytes.set([0xc7, 12, 5])
    const nanos = ((value.nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
    bytes.writeBigInt64BE((value.nanos - nanos) / 1_000_000_000n, 3)
    bytes.writeInt32BE(Number(nanos), 11)
    return yield bytes
  }
  if (Array.isArray(value)) {
    yield value.length < 16 ? Uint8Array.of(0x90 | value.length) : sized([undefined, 0xdc, 0xdd], value.length)
    for (const item of value) yield* parts(item)
    return
  }
  const entries = Object.entries(value as object).filter(([, item]) => item !== undefined)
  yield entries.length < 16 ? Uint8Array.of(0x80 | entries.length) : sized([undefined, 0xde, 0xdf], entries.length)
  for (const [key, item] of entries) {
    yield* parts(key)
    yield* parts(item)
  }
}

const sized = ([one, two, four]: ReadonlyArray<number | undefined>, size: number): Uint8Array => {
  const bytes = Buffer.alloc(5)
  if (size < 0x100 && one !== undefined) return Uint8Array.of(one, size)
  if (size < 0x10000) {
    bytes[0] = two!
    bytes.writeUInt16BE(size, 1)
    return bytes.subarray(0, 3)
  }
  bytes[0] = four!
  bytes.writeUInt32BE(size, 1)
  return bytes
}

const integer = (value: bigint): Uint8Array => {
  if (value >= -32n && value < 128n) return Uint8Array.of(Number(value) & 0xff)
  const bytes = Buffer.alloc(9)
  if (value >= 2n ** 63n) {
    bytes[0] = 0xcf
    bytes.writeBigUInt64BE(value, 1)
    return bytes
  }
  const size = [1, 2, 4].find((size) => BigInt.asIntN(size * 8, value) === value)
  if (size === undefined) {
    bytes[0] = 0xd3
    bytes.writeBigInt64BE(value, 1)
    return bytes
  }
  bytes[0] = { 1: 0xd0, 2: 0xd1, 4: 0xd2 }[size]!
  bytes.writeIntBE(Number(value), 1, size)
  return bytes.subarray(0, 1 + size)
}
