/**
 * A real `vmagent` on loopback, for the life of a scope: it takes line protocol
 * over HTTP (`/write`), answers 204, and hands the samples to a VictoriaMetrics
 * by remote write, from a queue on disk while that is down.
 *
 * Debian's package `victoria-metrics` has it. It is looked for like VictoriaMetrics
 * (see `VictoriaBinary`), with the environment variable `EFFLUX_VMAGENT`.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as DebianProgram from "./internal/debianProgram.ts"
import { host, LoopbackServer, type RunningServer, startOnFreePorts } from "./internal/loopbackServer.ts"

/** Options of an agent. */
export interface AgentOptions {
  /** Where the samples go: the URL of a VictoriaMetrics, without a slash at the end. */
  readonly victoriaUrl: string
  /** Default: what the search finds or fetches. */
  readonly binary?: string | undefined
}

/** The agent could not be had, did not start, or did not give what was asked. */
export class VmAgentError extends Data.TaggedError("VmAgentError")<{
  readonly message: string
}> {}

/** A running agent. `restart` is a `SIGTERM`, then a start on the same port and queue. */
export interface Agent extends Pick<RunningServer<VmAgentError>, "httpUrl" | "request" | "restart"> {
  /** Bytes in the queue that were not handed on. */
  readonly pendingBytes: Effect.Effect<number, VmAgentError>
}

/** Starts an agent that lives as long as the scope. */
export const make: (options: AgentOptions) => Effect.Effect<Agent, VmAgentError, Scope.Scope> = Effect.fnUntraced(
  function*({ binary: given, victoriaUrl }: AgentOptions) {
    const { ports: [port], process } = yield* startOnFreePorts(
      given,
      find,
      1,
      (binary, directory, [port]) => ({
        name: "vmagent",
        binary,
        args: [
          `-httpListenAddr=${host}:${port}`,
          `-remoteWrite.url=${victoriaUrl}/api/v1/write`,
          `-remoteWrite.tmpDataPath=${directory}/queue`,
          "-memory.allowedBytes=256MiB"
        ],
        directory,
        listens: (log) => log.includes("started vmagent in") && log.includes("starting http server at"),
        pingUrl: `http://${host}:${port}/health`,
        pingStatus: 200,
        startTimeoutMillis: 90_000
      }),
      (message) => new VmAgentError({ message })
    )
    return new LocalAgent(process, port!)
  }
)

const find = DebianProgram.find({
  file: "vmagent",
  title: "vmagent",
  debianPackage: "victoria-metrics",
  variable: "EFFLUX_VMAGENT",
  // Debian builds it without a version: its `-version` says nothing.
  probe: ["-help"],
  version: (output) => output.includes("vmagent collects metrics data") ? "unknown" : undefined
})

class LocalAgent extends LoopbackServer<VmAgentError> implements Agent {
  protected error(message: string): VmAgentError {
    return new VmAgentError({ message })
  }

  override get restart(): Effect.Effect<void, VmAgentError> {
    return Effect.andThen(this.process.stop, this.start)
  }

  get pendingBytes(): Effect.Effect<number, VmAgentError> {
    return Effect.map(this.request("GET", "/metrics"), ({ body }) =>
      body.split("\n")
        .filter((line) => line.startsWith("vmagent_remotewrite_pending_data_bytes"))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0))
  }
}
