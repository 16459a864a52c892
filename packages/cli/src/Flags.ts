/** Flags that several commands have. */
import type * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { userError } from "./Text.ts"

/** An integer within bounds. */
export const int = (name: string, from: number, to = Infinity) =>
  Flag.Int(name).pipe(
    Flag.filter((value) => value >= from && value <= to, () => `${from} ${to === Infinity ? "or more" : `to ${to}`}`)
  )

/** A number above 0. */
export const positive = (name: string) =>
  Flag.Finite(name).pipe(Flag.filter((value) => value > 0, () => "a number above 0"))

/** A text that is not empty, as it would be from an unset shell variable. */
export const text = (name: string) => Flag.String(name).pipe(Flag.filter((value) => value !== "", () => "a text"))

/** Fails if a flag is given that has no effect without another one. */
export const needs = (other: string, isGiven: boolean, flags: Readonly<Record<string, Option.Option<unknown>>>) => {
  const idle = isGiven ? undefined : Object.keys(flags).find((name) => Option.isSome(flags[name]!))
  return idle === undefined ? Effect.void : Effect.fail(userError(`${idle} needs ${other}`))
}

/** Whether to print lines even in a terminal. */
export const plain = Flag.Boolean("plain").pipe(
  Flag.withDefault(false),
  Flag.withDescription(
    "Print lines instead of a live display; the default if the output is not a terminal, TERM is dumb or NO_COLOR is set"
  )
)

/** What a command gets for its flags and arguments. */
export type Parsed<Options extends Command.Command.Config> = Command.Command.Config.Infer<Options>
