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
 * An empty record for so many keys, more than `narrow`. V8 makes a table of it only when it gets more than twice the keys
 * that it has room for.
 *
 * @category constructors
 * @since 0.1.0
 */
export const wideRecord = (width: number): Record<string, never> => {
  const size = sizes.findIndex((size) => width <= 2 * size)
  return size < 0 ? {} : new (rooms[size] ??= roomFor(sizes[size]))()
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
