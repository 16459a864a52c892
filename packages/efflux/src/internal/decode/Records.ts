/**
 * Records that are filled key by key.
 *
 * @since 0.1.0
 */

/**
 * How many keys an object literal takes before V8 makes a hash table of it, which takes more than twice the time and the
 * memory.
 *
 * @category constants
 * @since 0.1.0
 */
export const narrow = 16

/**
 * A width of this or less means that the keys come in an order that does not repeat.
 *
 * @category constants
 * @since 0.1.0
 */
export const disordered = -8

/**
 * An empty record for so many keys. V8 turns a record wider than `narrow` into a table only when it gets more than twice
 * the keys that it has room for. For each new order of keys V8 would make a class of objects, which takes many times as
 * long as reading the line, so a disordered record is a table from the start.
 *
 * @category constructors
 * @since 0.1.0
 */
export const recordFor = (width: number): Record<string, never> => {
  if (width <= disordered) return table()
  if (width <= narrow) return {}
  const size = sizes.findIndex((size) => width <= 2 * size)
  return size < 0 ? {} : new (rooms[size] ??= roomFor(sizes[size]))()
}

// V8 makes an object a table when it loses a property that is not its last.
const table = (): Record<string, never> => {
  const record: { a?: number; b?: number } = { a: 0, b: 0 }
  delete record.a
  delete record.b
  return record as {}
}

const sizes = [24, 128, 248]
const rooms: Array<new() => Record<string, never>> = []

// V8 gives an object room for as many keys as its constructor and the prototypes of that assign to `this`, and eight
// more. It takes back what the first eight objects leave empty.
const roomFor = (width: number): new() => Record<string, never> => {
  let room = withEight()
  for (let places = 16; places < width; places += 8) room = Object.setPrototypeOf(withEight(), room)
  room.prototype = Object.prototype
  for (let i = 0; i < 8; i++) {
    const full: Record<string, number> = new room()
    for (let place = 0; place < width; place++) full[`place ${place}`] = place
  }
  return room
}

const withEight = (): any =>
  function(this: any, value: unknown) {
    if (value !== undefined) {
      this.a =
        this.b =
        this.c =
        this.d =
        this.e =
        this.f =
        this.g =
        this.h =
          value
    }
  }

/**
 * Sets a key to a value. `__proto__` is a key like any other.
 *
 * @category setters
 * @since 0.1.0
 */
export const put = <A>(record: Record<string, A>, key: string, value: A): void => {
  if (key === "__proto__") {
    Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    record[key] = value
  }
}
