/** `efflux send`: sends a file of line protocol to a server. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { Dialect, InfluxDatabase, type InfluxError, Precision } from "efflux"
import * as Arrivals from "./Arrivals.ts"
import { Batch } from "./Batch.ts"
import { int, type Parsed, plain, text } from "./Flags.ts"
import * as Input from "./Input.ts"
import * as Output from "./Output.ts"
import * as ResumeFile from "./ResumeFile.ts"
import * as Screen from "./Screen.ts"
import * as Target from "./Target.ts"
import { bar, bytes, count, escaped, grouped, systemMessage, type UserError, userError } from "./Text.ts"

const options = {
  file: Argument.String("file").pipe(
    Argument.withDescription("A file of line protocol, .gz too; - for standard input")
  ),
  to: Flag.String("to").pipe(
    Flag.withMetavar("URL"),
    Flag.withDescription(
      "udp://host:8089, tcp://host:8094, http://host:8086/?database=metrics, with ?org=o&bucket=b for InfluxDB 2 and ?version=3&database=d for InfluxDB 3. Secrets come from INFLUX_TOKEN, or INFLUX_USERNAME and INFLUX_PASSWORD"
    )
  ),
  dialect: Flag.Literals("dialect", Dialect.all).pipe(
    Flag.optional,
    Flag.withDescription(
      "The server whose rules decide which lines are valid; default that of --to, influx-1 over UDP and TCP"
    )
  ),
  precision: Flag.Literals("precision", Precision.all).pipe(
    Flag.withDefault("ns"),
    Flag.withDescription("Unit of the timestamps, in the file and as they are sent; default ns")
  ),
  packets: int("packets-per-second", 0).pipe(
    Flag.optional,
    Flag.withMetavar("N"),
    Flag.withDescription(
      "How fast to send; default 4000 over UDP, otherwise as fast as the server accepts; 0 for no limit"
    )
  ),
  bad: text("bad").pipe(
    Flag.optional,
    Flag.withMetavar("FILE"),
    Flag.withDescription(
      "Where to write bad lines, each with its reason; default the file's name with .bad, or efflux-send.bad for standard input and pipes"
    )
  ),
  resume: Flag.Boolean("resume").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Continue where an earlier run with the same file and server stopped")
  ),
  ask: Flag.String("ask").pipe(
    Flag.optional,
    Flag.withMetavar("URL"),
    Flag.withDescription("Over UDP: the HTTP address of the same InfluxDB 1, to ask how much arrived")
  ),
  plain
}

/** How many lines are sent between two records of the position. The next lines are read meanwhile. */
const batchSize = 20_000

const send = Effect.fnUntraced(function*(flags: Parsed<typeof options>) {
  const { ask, file, precision, to } = flags
  const fs = yield* FileSystem.FileSystem
  const screen = yield* Screen.Screen
  const target = yield* Target.database("--to", to, {
    dialect: "--dialect",
    precision: "--precision",
    "pacing.packetsPerSecond": "--packets-per-second"
  })
  const dialect = Option.getOrElse(flags.dialect, () => Target.dialectOf(target.options))
  const input = yield* Input.open(file)
  const position = input.size === undefined ? undefined : ResumeFile.make(file, to, input.size)
  const badFile = Option.getOrElse(flags.bad, () => position === undefined ? "efflux-send.bad" : `${file}.bad`)
  if (Input.isSame(file, badFile)) {
    return yield* userError(`--bad ${badFile} would overwrite ${file}, name another file`)
  }
  if (flags.resume && position === undefined) {
    return yield* userError("--resume needs a file: standard input and pipes can't be read again")
  }
  if (Option.isSome(ask) && target.options.transport !== "udp") {
    return yield* userError("--ask needs --to udp://…, because it reads the server's counter for UDP")
  }
  const start = flags.resume && position !== undefined ? yield* position.read : 0
  const arrived = Option.isSome(ask) ? yield* yield* Arrivals.counter("--ask", ask.value) : undefined
  const lines = new Batch(start, { dialect, precision })
  let read = 0
  let isBadBegun = start > 0
  let stats: (() => InfluxDatabase.Stats) | undefined

  const transfer = Effect.gen(function*() {
    const database = yield* target.explained(InfluxDatabase.make({
      ...target.options,
      name: "efflux-send",
      dialect,
      precision,
      oversize: "split",
      // Never full, because a batch is pushed only after the batch before the previous one was sent.
      queueCapacity: 10_000_000,
      // When the command is stopped, what is not sent is still in the file.
      drainTimeout: 0,
      ...Option.match(flags.packets, {
        onNone: () => ({}),
        onSome: (rate) => ({ pacing: rate === 0 ? "none" as const : { packetsPerSecond: rate } })
      })
    }))
    stats = () => database.statsUnsafe()
    let refusal: InfluxError.Rejected | undefined
    yield* Effect.forkScoped(
      Stream.runForEach(database.rejections, (rejected) => Effect.sync(() => refusal = rejected))
    )

    /** Waits until all points so far are sent, and records the position. */
    const settle = Effect.fnUntraced(function*(line: number) {
      yield* database.flush
      const { dropped, droppedTotal, sent } = database.statsUnsafe()
      // A server that does not know the database or the user would refuse the rest too.
      if (sent === 0 && refusal !== undefined && [401, 403, 404].includes(refusal.status!)) {
        const hint = refusal.status === 404 ? "" : Target.hintOf(target.options)
        return yield* userError(`nothing was accepted: ${refusal.detail}${hint}`)
      }
      const unsent = droppedTotal - dropped.rejected
      if (unsent > 0) {
        return yield* userError(
          `${count(unsent, "point")} could not be sent (${reasonsOf(dropped)})` +
            (position === undefined
              ? ""
              : ". Run it again with --resume to continue after the last point that was sent")
        )
      }
      yield* position?.write(line) ?? Effect.void
    })
    let settled: Fiber.Fiber<void, UserError> = yield* Effect.forkScoped(Effect.void)
    const sendBatch = Effect.gen(function*() {
      const { badLines, points } = lines.take()
      if (badLines !== "") {
        yield* Effect.mapError(
          fs.writeFileString(badFile, badLines, { flag: isBadBegun ? "a" : "w" }),
          ({ reason }) => userError(`--bad can't be written, name another file: ${systemMessage(reason)}`, reason)
        )
        isBadBegun = true
      }
      yield* database.pushAll(points)
      yield* Fiber.join(settled)
      settled = yield* Effect.forkScoped(settle(lines.line))
    })
    yield* Stream.runForEach(input.bytes((bytes) => read += bytes), (chunk) => {
      lines.feed(chunk)
      return lines.size < batchSize ? Effect.void : sendBatch
    })
    lines.end()
    yield* sendBatch
    yield* Fiber.join(settled)
    yield* position?.remove ?? Effect.void
  })

  const accounts = Effect.gen(function*() {
    if (stats === undefined) return
    const { bytes: sentBytes, dropped, droppedTotal, payloads, refusals, sent } = stats()
    if (lines.skipped > 0) yield* screen.print(`${count(lines.skipped, "line")} sent by an earlier run`)
    yield* screen.print(
      `read ${count(lines.points, "point")} and ${count(lines.bad, "bad line")}` +
        (isBadBegun && lines.bad > 0 ? `; see ${escaped(badFile)}` : "")
    )
    yield* screen.print(
      `sent ${count(sent, "point")} in ${count(payloads, "payload")}, ${bytes(sentBytes)}` +
        (target.options.transport === "http" && sent > 0 ? ", which the server accepted" : "") +
        (droppedTotal > 0 ? `; not sent: ${reasonsOf(dropped)}` : "")
    )
    if (lines.unstamped > 0 && sent > 0) {
      const points = count(lines.unstamped, "point")
      yield* screen.print(
        `${points} had no timestamp and got the time of sending: if they are sent again, they are stored again`
      )
    }
    if (refusals > 0) {
      yield* screen.print(`the host refused ${count(refusals, "packet")}: nobody listens at ${escaped(to)}`)
    }
  })

  const began = yield* Screen.seconds
  const progress = Effect.flatMap(
    Screen.seconds,
    (now) => screen.frame(picture(stats?.().sent ?? 0, lines.bad, read, input.size, now - began))
  )
  const showProgress = Effect.forkScoped(Effect.forever(Effect.delay(progress, 250)))
  yield* Effect.scoped(Effect.andThen(showProgress, transfer)).pipe(
    // The database is closed by now, so its counts are final.
    Effect.ensuring(Effect.all([progress, screen.leave, accounts])),
    Effect.onInterrupt(() =>
      position === undefined
        ? Effect.void
        : screen.print("stopped; run the command again with --resume to continue")
    )
  )
  const { droppedTotal, refusals, sent } = stats!()
  if (arrived !== undefined) {
    const received = yield* arrived(sent)
    const lost = received < sent ? `: ${grouped(sent - received)} were lost` : ", by its own counter"
    yield* screen.print(`the server received ${count(received, "point")}${lost}`)
    if (received < sent) yield* Output.endWith(1)
  }
  if (lines.bad > 0 || droppedTotal > 0 || refusals > 0) yield* Output.endWith(1)
}, Effect.scoped)

const reasonsOf = (dropped: InfluxDatabase.Stats["dropped"]): string =>
  Object.entries(dropped).flatMap(([reason, points]) => points > 0 ? [`${reason} ${grouped(points)}`] : []).join(", ")

const picture = (
  sent: number,
  bad: number,
  read: number,
  size: number | undefined,
  seconds: number
): ReadonlyArray<string> => {
  const rate = seconds > 0 ? sent / seconds : 0
  const state = `${count(sent, "point")} sent, ${grouped(rate)} points/s` +
    (bad > 0 ? `, ${count(bad, "bad line")}` : "")
  if (size === undefined || size === 0) return [`${bytes(read)} read`, state]
  const share = Math.min(1, read / size)
  const left = share > 0 && share < 1 && seconds > 1
    ? `, ${Duration.format(Duration.seconds(Math.ceil(seconds * (1 - share) / share)))} left`
    : ""
  return [`${bar(share, 30)} ${Math.floor(100 * share)} % of ${bytes(size)}${left}`, state]
}

/** The command. */
export const command = Command.make(
  "send",
  options,
  (flags) => Effect.provide(send(flags), Screen.layer({ plain: flags.plain }))
).pipe(
  Command.withDescription(
    "Sends a file of line protocol to a server at a limited rate. Writes bad lines to a file with their reasons, and sends the rest. Exits with code 1 if a line is bad or a point was not accepted."
  ),
  Command.withExamples([
    { command: "efflux send metrics.lp --to udp://localhost:8089", description: "To the UDP listener of InfluxDB 1" },
    {
      command: "efflux send metrics.lp.gz --to 'http://localhost:8086/?database=metrics' --resume",
      description: "Over HTTP, from where it stopped"
    }
  ])
)
