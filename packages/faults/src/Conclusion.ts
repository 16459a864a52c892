/** How a long run is concluded on the command line: its promises in lines, its picture in a file, its exit code. */
import * as Flag from "effect/cli/Flag"
import * as Fs from "node:fs"
import * as Path from "node:path"

/** One promise, what was measured, and whether it holds. */
export interface Promised {
  readonly promise: string
  readonly measured: string
  readonly kept: boolean
}

/** An integer within bounds. */
export const int = (name: string, from: number, to: number) =>
  Flag.Int(name).pipe(
    Flag.filter(
      (value) => value >= from && value <= to,
      (value) => `--${name} is ${value}, allowed is ${from} to ${to}`
    )
  )

/** Prints the promises; the process ends with code 1 if one was broken. */
export const judge = (promises: ReadonlyArray<Promised>): void => {
  for (const { kept, measured, promise } of promises) {
    console.log(`${kept ? "kept  " : "BROKEN"}  ${promise}: ${measured}`)
  }
  if (promises.some(({ kept }) => !kept)) process.exitCode = 1
}

/** Writes the picture, in a folder that is made if there is none. */
export const draw = (file: string, svg: string): void => {
  Fs.mkdirSync(Path.dirname(file), { recursive: true })
  Fs.writeFileSync(file, svg)
  console.log(`Drawn to ${file}`)
}
