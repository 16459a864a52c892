/**
 * What a server has taken, in a file: the numbers of points, four bytes each.
 * Written before the server answers, so it outlives a server that is killed.
 */
import * as Fs from "node:fs"

const bytesPerNumber = 4

/** Opens a journal to add to. */
export const open = (path: string): (numbers: ReadonlyArray<number>) => void => {
  const file = Fs.openSync(path, "a")
  return (numbers) => {
    if (numbers.length > 0) Fs.writeSync(file, Uint32Array.from(numbers))
  }
}

/** How many different points are in a journal. */
export const distinct = (path: string): number => {
  const bytes = Fs.readFileSync(path)
  const seen = new Set<number>()
  // A server that is killed may leave a number unfinished: it has not answered for it.
  for (let at = 0; at + bytesPerNumber <= bytes.length; at += bytesPerNumber) seen.add(bytes.readUInt32LE(at))
  return seen.size
}
