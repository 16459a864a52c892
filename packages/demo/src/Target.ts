/**
 * Where the points go, and how many of them have been stored there.
 *
 * `ServerTarget` is an InfluxDB that is given or started, `ReceiverTarget` the
 * embedded receiver, and `TargetChoice` takes the best that there is.
 */
import * as CliError from "effect/cli/CliError"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"

/** The target did not start, or does not answer. The command shows the message and nothing else. */
export class TargetError extends Data.TaggedError("TargetError")<{ readonly message: string }> {
  override get [CliError.userMessage](): string {
    return this.message
  }
}

/** What is there of this run. */
export interface Stored {
  /** Rows: distinct series and timestamps. */
  readonly rows: number
  /** Datagrams that found the receiver's buffer full, where the system tells. */
  readonly kernelDrops: number | undefined
  /** Lines that the receiver could not read, where it tells. */
  readonly errors: number
}

/** What a target offers. */
export interface Shape {
  /** What it is, in words. */
  readonly label: string
  readonly host: string
  readonly port: number
  readonly stored: Effect.Effect<Stored, TargetError>
}

/** The target of the run. */
export class Target extends Context.Service<Target, Shape>()("@efflux/demo/Target") {}
