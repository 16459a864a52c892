/** The program that receives, as its parent sees it. */
import type { Program } from "@efflux/testkit/Program"
import { type Place, start as startProgram } from "./Program.ts"
import type { Functions, ReceiverOptions } from "./programs/receiver.ts"

/** A receiver that runs. */
export type Receiver = Program<Functions>

/** How to start one. */
export type Options = ReceiverOptions & Pick<Place, "namespace">

/** Starts one, for the life of the scope. */
export const start = ({ namespace, ...options }: Options) =>
  startProgram<Functions>("receiver", options satisfies ReceiverOptions, { namespace })
