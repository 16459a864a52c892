/** The program under test, as its parent sees it. */
import type { Program } from "@efflux/testkit/Program"
import { type Place, start as startProgram } from "./Program.ts"
import type { Functions, PusherOptions } from "./programs/pusher.ts"

/** A program with a database under load. */
export type Pusher = Program<Functions>

/**
 * Options of Node for a program whose resident memory is measured. By default V8 lets garbage pile up for minutes
 * before resident memory settles, which would hide everything else.
 */
export const steadyHeap: ReadonlyArray<string> = ["--max-old-space-size=64", "--max-semi-space-size=4"]

/** How to start one. */
export type Options = PusherOptions & Place

/** Starts one, for the life of the scope. */
export const start = ({ database, perSecond, ...place }: Options) =>
  startProgram<Functions>("pusher", { database, perSecond } satisfies PusherOptions, place)
