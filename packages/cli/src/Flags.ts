/** Flags that several commands have. */
import type * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"

/** An integer within bounds. */
export const int = (name: string, from: number, to = Infinity) =>
  Flag.Int(name).pipe(Flag.filter(
    (value) => value >= from && value <= to,
    (value) => `--${name} is ${value}, allowed is ${from} ${to === Infinity ? "and more" : `to ${to}`}`
  ))

/** A number above 0. */
export const positive = (name: string) =>
  Flag.Finite(name).pipe(
    Flag.filter((value) => value > 0, (value) => `--${name} is ${value}, it must be above 0`)
  )

/** Whether the output is lines, whatever the terminal. */
export const plain = Flag.Boolean("plain").pipe(
  Flag.withDefault(false),
  Flag.withDescription(
    "Print lines instead of a live display; the default if the output is not a terminal, TERM is dumb or NO_COLOR is set"
  )
)

/** What a command gets for its flags and arguments. */
export type Parsed<Options> = {
  readonly [Name in keyof Options]: Options[Name] extends Flag.Flag<infer A> ? A
    : Options[Name] extends Argument.Argument<infer A> ? A
    : never
}
