/** The program that receives, as its parent sees it. */
import type { Program } from "@efflux/testkit/Program"
import { type Place, start as startProgram } from "./Program.ts"
import type { Functions, ReceiverOptions } from "./programs/receiver.ts"

/** A receiver that runs. */
export type Receiver = Program<Functions>

/** Starts one, for the life of the scope. */
export const start = ({ namespace, ...options }: ReceiverOptions & Pick<Place, "namespace">) =>
  startProgram<Functions>("receiver", options satisfies ReceiverOptions, { namespace })
