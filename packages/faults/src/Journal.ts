/**
 * A file with the numbers of the points that a server has accepted, four bytes each. It is written before the server
 * answers, so it is complete even if the server is killed.
 */
import * as Fs from "node:fs"

const bytesPerNumber = 4

/** Opens a journal for appending. */
export const open = (path: string): (numbers: ReadonlyArray<number>) => void => {
  const file = Fs.openSync(path, "a")
  return (numbers) => {
    if (numbers.length > 0) Fs.writeSync(file, Uint32Array.from(numbers))
  }
}

/** The number of distinct points in a journal. */
export const distinct = (path: string): number => {
  const bytes = Fs.readFileSync(path)
  const seen = new Set<number>()
  // A killed server may leave part of a number. It has not acknowledged that point.
  for (let at = 0; at + bytesPerNumber <= bytes.length; at += bytesPerNumber) seen.add(bytes.readUInt32LE(at))
  return seen.size
}
