/** The end of a long run on the command line: its promises, its chart and its exit code. */
import * as Flag from "effect/cli/Flag"
import * as Fs from "node:fs"
import * as Path from "node:path"

/** A promise, what was measured, and whether it was kept. */
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

/** Writes the chart, and creates its folder if needed. */
export const draw = (file: string, svg: string): void => {
  Fs.mkdirSync(Path.dirname(file), { recursive: true })
  Fs.writeFileSync(file, svg)
  console.log(`Drawn to ${file}`)
}
