/** `efflux send`: sends a file of line protocol to a server. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Dialect, InfluxDatabase, type InfluxError, LineProtocol, type Point, Precision } from "efflux"
import * as Arrivals from "./Arrivals.ts"
import { int, type Parsed, plain } from "./Flags.ts"
import * as Input from "./Input.ts"
import * as Screen from "./Screen.ts"
import * as Target from "./Target.ts"
import { bar, bytes, count, escaped, grouped, orExplain, userError } from "./Text.ts"

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
  bad: Flag.String("bad").pipe(
    Flag.optional,
    Flag.withMetavar("FILE"),
    Flag.withDescription("Where to write bad lines, each with its reason; default the file's name with .bad")
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

// The place in the file is noted after so many points. While they are sent, as many are read.
const batchSize = 20_000

const writerBytes = 256 * 1024

/** How far a file was sent, in a file beside it. */
const Place = Schema.fromJsonString(Schema.Struct({ to: Schema.String, line: Schema.Int, size: Schema.Int }))

class Sending {
  line = 0
  read = 0
  points = 0
  bad = 0
  unstamped = 0
  skipped = 0
}

const send = Effect.fnUntraced(function*(flags: Parsed<typeof options>) {
  const { file, precision, to } = flags
  const fs = yield* FileSystem.FileSystem
  const screen = yield* Screen.Screen
  const target = yield* Target.database("--to", to)
  const dialect = Option.getOrElse(flags.dialect, () => Target.dialectOf(target))
  const input = yield* orExplain(Input.open(file))
  const placeFile = `${file}.efflux-resume`
  const badFile = Option.getOrElse(flags.bad, () => file === "-" ? "efflux-send.bad" : `${file}.bad`)
  if (flags.resume && file === "-") return yield* userError("--resume needs a file, standard input can't be read again")
  const start = flags.resume ? yield* readPlace(placeFile, to, input.size!) : 0
  const received = yield* counters(flags.ask)

  const pace = Option.match(flags.packets, {
    onNone: () => ({}),
    onSome: (rate) => ({ pacing: rate === 0 ? "none" as const : { packetsPerSecond: rate } })
  })
  const database = yield* orExplain(InfluxDatabase.make({
    ...target,
    name: "efflux-send",
    dialect,
    precision,
    oversize: "split",
    queueCapacity: 2 * batchSize,
    ...pace
  }))
  // One by a server that knows neither database nor sender: it refuses whatever follows.
  let refusal: InfluxError.Rejected | undefined
  yield* Effect.forkChild(Stream.runForEach(database.rejections, (rejected) => Effect.sync(() => refusal = rejected)))
  const sending = new Sending()
  const decoder = LineProtocol.makeDecoder({ dialect, precision })
  // Only shows which points can be written; a writer is made once, for all of them.
  const writer = LineProtocol.makeWriter(writerBytes, { dialect, precision })
  let batch: Array<Point.Point> = []
  let badLines: Array<string> = []
  let isBadBegun = start > 0

  const noteBad = (line: number, reason: string) => {
    sending.bad++
    const text = decoder.lineBytes(line)
    badLines.push(
      `# line ${line}: ${escaped(reason)}\n${text === undefined ? "# (the line is no longer known)" : decode(text)}\n`
    )
  }
  /** Waits until all points so far are sent, and notes the place. */
  const settle = Effect.fnUntraced(function*(line: number) {
    yield* database.flush
    const { dropped, droppedTotal, sent } = database.statsUnsafe()
    if (sent === 0 && refusal !== undefined && isAboutTarget(refusal)) {
      return yield* userError(`nothing was accepted: ${refusal.detail}${refusal.status === 404 ? "" : Target.hint}`)
    }
    if (droppedTotal > dropped.rejected) {
      return yield* userError(
        `${count(droppedTotal - dropped.rejected, "point")} could not be sent (${reasonsOf(dropped)}). ${
          file === "-" ? "" : "Run it again with --resume to continue after the last point that was sent"
        }`.trimEnd()
      )
    }
    if (file === "-") return
    const place = yield* Effect.orDie(Schema.encodeEffect(Place)({ to: shown(to), line, size: input.size! }))
    // Whole at every moment, also if the process is killed here.
    yield* orExplain(fs.writeFileString(`${placeFile}.new`, place))
    yield* orExplain(fs.rename(`${placeFile}.new`, placeFile))
  })
  let settled: Fiber.Fiber<void, ReturnType<typeof userError>> = yield* Effect.forkChild(Effect.void)
  const sendBatch = Effect.gen(function*() {
    if (badLines.length > 0) {
      yield* Effect.mapError(
        fs.writeFileString(badFile, badLines.join(""), { flag: isBadBegun ? "a" : "w" }),
        (error) =>
          userError(`--bad ${badFile}: the file can't be written (${error.reason._tag}), name another one`, error)
      )
      isBadBegun = true
      badLines = []
    }
    yield* database.pushAll(batch)
    batch = []
    yield* Fiber.join(settled)
    settled = yield* Effect.forkChild(settle(sending.line))
  })
  const drain = Effect.gen(function*() {
    for (let line = decoder.next(); line !== undefined; line = decoder.next()) {
      const number = line._tag === "Success" ? decoder.line : line.failure.line
      if (number <= start) {
        sending.skipped++
        continue
      }
      sending.line = Math.max(sending.line, decoder.line)
      if (line._tag === "Failure") {
        noteBad(number, line.failure.message.replace(/^line \d+, /, ""))
        continue
      }
      const point = line.success
      writer.position = 0
      const encoded = writer.write(point) ? undefined : LineProtocol.encode(point, { dialect, precision })
      if (encoded?._tag === "Failure") {
        noteBad(number, encoded.failure.message)
        continue
      }
      sending.points++
      if (point.timestamp === undefined) sending.unstamped++
      if (batch.push(point) >= batchSize) yield* sendBatch
    }
  })
  const run = Effect.gen(function*() {
    yield* orExplain(Stream.runForEach(input.bytes((bytes) => sending.read += bytes), (chunk) => {
      decoder.feed(chunk)
      return drain
    }))
    decoder.end()
    yield* drain
    yield* sendBatch
    yield* Fiber.join(settled)
    if (file !== "-") yield* Effect.ignore(fs.remove(placeFile))
  })

  const accounts = Effect.gen(function*() {
    const stats = database.statsUnsafe()
    if (sending.skipped > 0) yield* screen.print(`${count(sending.skipped, "line")} sent by an earlier run`)
    yield* screen.print(
      `read ${count(sending.points, "point")} and ${count(sending.bad, "bad line")}` +
        (isBadBegun && sending.bad > 0 ? `, which are in ${escaped(badFile)}` : "")
    )
    const dropped = stats.droppedTotal > 0 ? `; not sent: ${reasonsOf(stats.dropped)}` : ""
    const waiting = stats.queued + stats.inFlight
    yield* screen.print(
      `sent ${count(stats.sent, "point")} in ${count(stats.payloads, "payload")}, ${bytes(stats.bytes)}` +
        `${target.transport === "http" && stats.sent > 0 ? ", which the server accepted" : ""}${dropped}` +
        (waiting > 0 ? `; ${count(waiting, "point")} still unsent` : "")
    )
    if (sending.unstamped > 0 && stats.sent > 0) {
      yield* screen.print(
        `${
          count(sending.unstamped, "point")
        } had no timestamp and got the time of sending: if they are sent again, they are stored again`
      )
    }
    if (stats.refusals > 0) {
      yield* screen.print(`the host refused ${count(stats.refusals, "packet")}: nobody listens at ${shown(to)}`)
    }
  })

  const began = yield* Clock.currentTimeMillis
  const progress = Effect.gen(function*() {
    const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
    const sent = database.statsUnsafe().sent
    yield* screen.frame(picture(sending, sent, input.size, seconds))
  })
  yield* Effect.raceFirst(run, Effect.forever(Effect.delay(progress, 250))).pipe(
    Effect.ensuring(Effect.andThen(progress, Effect.andThen(screen.leave, accounts))),
    Effect.onInterrupt(() =>
      file === "-" ? Effect.void : screen.print("stopped; run the command again with --resume to continue")
    )
  )
  yield* Option.match(received, { onNone: () => Effect.void, onSome: (report) => report(database.statsUnsafe().sent) })
  const stats = database.statsUnsafe()
  process.exitCode = sending.bad > 0 || stats.droppedTotal > 0 || stats.refusals > 0 ? 1 : 0
}, Effect.scoped)

const readPlace = Effect.fnUntraced(function*(path: string, to: string, size: number) {
  const fs = yield* FileSystem.FileSystem
  if (!(yield* Effect.orElseSucceed(fs.exists(path), () => false))) return 0
  const place = yield* Effect.mapError(
    Effect.flatMap(fs.readFileString(path), Schema.decodeEffect(Place)),
    (error) => userError(`${path} does not say how far the file was sent; remove it to start again`, error)
  )
  if (place.to !== shown(to)) {
    return yield* userError(`the file was sent to ${place.to}; without --resume it is sent from the start`)
  }
  if (place.size !== size) {
    return yield* userError(
      `the file had ${place.size} bytes and now has ${size}; without --resume it is sent from the start`
    )
  }
  return place.line
})

/** What the server's own counter says of the points of this run, asked when they were sent. */
const counters = Effect.fnUntraced(function*(url: Option.Option<string>) {
  if (Option.isNone(url)) return Option.none()
  const received = yield* Arrivals.received("--ask", url.value)
  const screen = yield* Screen.Screen
  const before = yield* received
  return Option.some(Effect.fnUntraced(function*(sent: number) {
    const arrived = yield* Arrivals.settled(received, before, sent)
    yield* screen.print(
      `the server received ${count(arrived, "point")}` +
        (arrived < sent ? `: ${grouped(sent - arrived)} were lost` : ", by its own counter")
    )
    if (arrived < sent) process.exitCode = 1
  }))
})

const isAboutTarget = ({ status }: InfluxError.Rejected): boolean => status === 401 || status === 403 || status === 404

const reasonsOf = (dropped: InfluxDatabase.Stats["dropped"]): string =>
  Object.entries(dropped).flatMap(([reason, points]) => points > 0 ? [`${reason} ${grouped(points)}`] : []).join(", ")

const shown = (to: string): string => escaped(to)

const decoder = new TextDecoder()
const decode = (bytes: Uint8Array): string => decoder.decode(bytes)

const barWidth = 30

const picture = (sending: Sending, sent: number, size: number | undefined, seconds: number): ReadonlyArray<string> => {
  const rate = seconds > 0 ? sent / seconds : 0
  const state = `${count(sent, "point")} sent, ${grouped(rate)} points/s` +
    (sending.bad > 0 ? `, ${count(sending.bad, "bad line")}` : "")
  if (size === undefined || size === 0) return [`${bytes(sending.read)} read`, state]
  const share = Math.min(1, sending.read / size)
  const left = share > 0 && share < 1 && seconds > 1 ? `, ${durationOf(seconds * (1 - share) / share)} left` : ""
  return [
    `${bar(share, barWidth)} ${Math.floor(100 * share)} % of ${bytes(size)}${left}`,
    state
  ]
}

const durationOf = (seconds: number): string =>
  seconds < 90
    ? `${Math.ceil(seconds)} s`
    : seconds < 5400
    ? `${Math.ceil(seconds / 60)} min`
    : `${Math.ceil(seconds / 3600)} h`

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
