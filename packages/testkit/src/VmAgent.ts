/**
 * A real `vmagent` on loopback, for the life of a scope. It takes line protocol over HTTP (`/write`), answers 204, and
 * forwards the samples to a VictoriaMetrics by remote write. While that is down, they wait in a queue on disk.
 *
 * It is part of Debian's package `victoria-metrics`, and is searched for like VictoriaMetrics (see `Binary`), with the
 * environment variable `EFFLUX_VMAGENT`.
 */
import * as Effect from "effect/Effect"
import * as Binary from "./Binary.ts"
import { host, LoopbackServer, type ServerError, startOnFreePorts } from "./internal/loopbackServer.ts"

/** Options of an agent. */
export interface AgentOptions {
  /** Where the samples go: the URL of a VictoriaMetrics, without a slash at the end. */
  readonly victoriaUrl: string
  /** Default: what the search finds or fetches. */
  readonly binary?: string | undefined
}

/** A running agent. `restart` is a `SIGTERM`, then a start on the same port and queue. */
export class Agent extends LoopbackServer {
  override get restart(): Effect.Effect<void, ServerError> {
    return Effect.andThen(this.end("SIGTERM"), this.start)
  }

  /** Bytes in the queue that were not yet forwarded. */
  get pendingBytes(): Effect.Effect<number, ServerError> {
    return Effect.map(this.request("GET", "/metrics"), ({ body }) =>
      body.split("\n")
        .filter((line) => line.startsWith("vmagent_remotewrite_pending_data_bytes"))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0))
  }
}

/** Starts an agent that lives as long as the scope. */
export const make = ({ victoriaUrl, ...options }: AgentOptions) =>
  startOnFreePorts(Binary.vmagent, options.binary, 1, (binary, directory, [port]) => {
    const command = {
      name: "vmagent",
      args: [
        `-httpListenAddr=${host}:${port}`,
        `-remoteWrite.url=${victoriaUrl}/api/v1/write`,
        `-remoteWrite.tmpDataPath=${directory}/queue`,
        "-memory.allowedBytes=256MiB"
      ],
      listens: (log: string) => log.includes("started vmagent in") && log.includes("starting http server at"),
      httpPort: port!,
      pingPath: "/health",
      pingStatus: 200
    }
    return new Agent(binary, directory, command, options)
  })
