/** An InfluxDB 1 for one run, on free ports of loopback and in a temporary folder. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as ChildProcess from "effect/process/ChildProcess"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as Stream from "effect/Stream"
import { LineListener } from "efflux"
import * as Fs from "node:fs"
import { type UserError, userError } from "../Text.ts"

/** The variable that names the program; otherwise it is looked up in the search path. */
export const variable = "EFFLUX_INFLUXD"

/** Finds an installed `influxd` of the 1.x line. */
export const find = Effect.gen(function*() {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const named = process.env[variable] ?? ""
  for (const path of named === "" ? ["influxd", "/usr/bin/influxd"] : [named]) {
    const output = yield* Effect.orElseSucceed(spawner.string(ChildProcess.make(path, ["version"])), () => "")
    const version = /InfluxDB v?(1\.\S+)/.exec(output)?.[1]
    if (version !== undefined) return { path, version }
  }
  return named === "" ? undefined : yield* userError(`${variable} is ${named}, which is no influxd of InfluxDB 1`)
})

// Ends the server if this process is killed.
const setpriv = "/usr/bin/setpriv"

/** Starts the server for the life of the scope, with the defaults of its UDP listener, which writes into `database`. */
export const start = Effect.fnUntraced(function*(path: string, database: string) {
  const fs = yield* FileSystem.FileSystem
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "efflux-demo-" })
  const port = yield* Effect.scoped(Effect.map(LineListener.make({ udp: 0 }), ({ udp }) => udp!.port))
  yield* fs.writeFileString(`${folder}/influxdb.conf`, configuration(folder, port, database))
  const command = [...(Fs.existsSync(setpriv) ? [setpriv, "--pdeathsig", "KILL"] : []), path]
  // On SIGTERM influxd can hang for half a minute if a UDP batch is pending.
  const options = { stdin: "ignore", stdout: "ignore", killSignal: "SIGKILL" } as const
  const args = [...command.slice(1), "-config", `${folder}/influxdb.conf`]
  const child = yield* spawner.spawn(ChildProcess.make(command[0]!, args, options))
  const listening = yield* Deferred.make<string, UserError>()
  let url = ""
  let last = ""
  yield* child.stderr.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => {
      last = line
      if (line.includes("Listening on HTTP")) url = `http://${/addr=(\S+)/.exec(line)?.[1]}`
      return line.includes("Listening for signals") ? Deferred.succeed(listening, url) : Effect.void
    }),
    Effect.ignore,
    Effect.andThen(Effect.suspend(() => Deferred.fail(listening, userError(`${path} has ended: ${last}`)))),
    Effect.forkScoped
  )
  return { url: yield* Deferred.await(listening), port }
})

const configuration = (folder: string, port: number, database: string): string =>
  `reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
dir = "${folder}/meta"
[data]
dir = "${folder}/data"
wal-dir = "${folder}/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:0"
log-enabled = false
[logging]
format = "logfmt"
suppress-logo = true
[[udp]]
enabled = true
bind-address = "127.0.0.1:${port}"
database = "${database}"
`
