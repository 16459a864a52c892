/** The program that receives, as its parent sees it. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Namespace } from "./Namespace.ts"
import * as Program from "./Program.ts"
import type { Mode, Received, ReceiverOptions } from "./programs/receiver.ts"

type Asked<A> = Effect.Effect<A, Program.ProgramError>

/** A receiver that runs. */
export class Receiver {
  readonly program: Program.Program

  constructor(program: Program.Program) {
    this.program = program
  }

  get received(): Asked<Received> {
    return this.program.ask("received")
  }

  /** Frees the port. */
  get close(): Asked<void> {
    return this.program.ask("close")
  }

  /** What becomes of requests from now on. */
  mode(mode: Mode): Asked<void> {
    return this.program.ask("mode", { mode })
  }

  /** Binds the port again. */
  get open(): Asked<void> {
    return this.program.ask("open")
  }
}

/** Starts one, for the life of the scope. */
export const start = (
  options: ReceiverOptions & { readonly namespace: Namespace }
): Effect.Effect<Receiver, Program.ProgramError, Scope.Scope> => {
  const { namespace, ...rest } = options
  return Effect.map(Program.start({ name: "receiver", options: rest, namespace }), (program) => new Receiver(program))
}
