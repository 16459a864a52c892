/** How an `influxd` under test is started. */
import * as Duration from "effect/Duration"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as InfluxConfig from "./influxConfig.ts"
import { type Credentials, host } from "./loopbackServer.ts"
import type { Command } from "./serverProcess.ts"

/** One `[[udp]]` listener. What is left out is the server's default, save for `batchTimeout`. */
export interface UdpListener {
  /** Where the points go; created before `make` returns. */
  readonly database: string
  /** Unit of the timestamps that arrive. The server's default is `n`. */
  readonly precision?: "n" | "u" | "ms" | "s" | "m" | "h" | undefined
  /** Points per batch; the server's default is 5000. */
  readonly batchSize?: number | undefined
  /**
   * How long points wait for their batch, as the server spells durations.
   * Default `10ms`, with `serverDefaults` the server's own `1s`.
   */
  readonly batchTimeout?: string | undefined
  /** Batches that may be pending; the server's default is 10. */
  readonly batchPending?: number | undefined
  /** Receive buffer in bytes; the server's default is the system's. Above the system's maximum the server does not start. */
  readonly readBuffer?: number | undefined
}

/** Options of a server. */
export interface ServerOptions {
  readonly udp?: ReadonlyArray<UdpListener> | undefined
  /** Further databases to create. */
  readonly databases?: ReadonlyArray<string> | undefined
  /** Leaves every listener setting that is not given to the server. Default `false`. */
  readonly serverDefaults?: boolean | undefined
  /** Further settings of the `[http]` section, by their names in the file. */
  readonly http?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Turns authentication on, with this administrator; the server's own operations sign in as them. */
  readonly admin?: Credentials | undefined
  /** Default: what `InfluxBinary.find` finds or fetches. */
  readonly binary?: string | undefined
  /** For one start. Default 30 seconds. */
  readonly startTimeout?: Duration.Input | undefined
  /** For one request. Default 10 seconds. */
  readonly requestTimeout?: Duration.Input | undefined
}

/** The command for these ports: first for backups, second for HTTP. Writes the configuration file, too. */
export const command = (
  binary: string,
  directory: string,
  [rpcPort, httpPort]: ReadonlyArray<number>,
  udpPorts: ReadonlyArray<number>,
  options: ServerOptions
): Command => {
  const listeners = options.udp ?? []
  const configPath = Path.join(directory, "influxdb.conf")
  Fs.writeFileSync(
    configPath,
    InfluxConfig.render({
      directory,
      rpcAddress: `${host}:${rpcPort}`,
      httpAddress: `${host}:${httpPort}`,
      http: options.admin === undefined ? { ...options.http } : { "auth-enabled": true, ...options.http },
      listeners: listeners.map((listener, index) => ({
        "bind-address": `${host}:${udpPorts[index]}`,
        database: listener.database,
        precision: listener.precision,
        "batch-size": listener.batchSize,
        "batch-timeout": listener.batchTimeout ?? (options.serverDefaults === true ? undefined : "10ms"),
        "batch-pending": listener.batchPending,
        "read-buffer": listener.readBuffer
      }))
    })
  )
  return {
    name: "influxd",
    binary,
    args: ["-config", configPath],
    directory,
    listens: (log) =>
      occurrences(log, "Listening on HTTP") === 1 && occurrences(log, "Started listening on UDP") === listeners.length,
    pingUrl: `http://${host}:${httpPort}/ping`,
    pingStatus: 204,
    startTimeoutMillis: Duration.toMillis(Duration.fromInputUnsafe(options.startTimeout ?? "90 seconds"))
  }
}

const occurrences = (text: string, part: string): number => text.split(part).length - 1
