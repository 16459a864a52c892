/** `efflux listen`: shows what arrives. */
import { Arrivals, Panel } from "@efflux/panel"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import type * as Terminal from "effect/Terminal"
import { Dialect, LineListener, type Point, Precision } from "efflux"
import * as Flags from "./Flags.ts"
import * as Output from "./Output.ts"
import * as Screen from "./Screen.ts"
import { bold, count, dim, escaped, int, json, lineOf, type UserError, userError } from "./Text.ts"
import { explained, troubles, Watch } from "./Watch.ts"

const port = (name: string, what: string) =>
  Flags.int(name, 0, 65_535).pipe(
    Flag.withMetavar("PORT"),
    Flag.optional,
    Flag.withDescription(what)
  )

const options = {
  udp: port("udp", "UDP port, 0 for a free one; 8089 if no port is given at all"),
  tcp: port("tcp", "TCP port, 0 for a free one"),
  http: port("http", "HTTP port, 0 for a free one; takes the writes of InfluxDB 1, 2 and 3"),
  host: Flags.text("host").pipe(
    Flag.withDefault("127.0.0.1"),
    Flag.withDescription("Address to bind to, default 127.0.0.1; 0.0.0.0 accepts other hosts too")
  ),
  dialect: Flag.Literals("dialect", Dialect.all).pipe(
    Flag.withDefault("influx-1"),
    Flag.withDescription("The server whose rules decide which lines are valid, default influx-1")
  ),
  precision: Flag.Literals("precision", Precision.all).pipe(
    Flag.withDefault("ns"),
    Flag.withDescription("Unit of the timestamps, default ns")
  ),
  measurement: Flags.text("measurement").pipe(
    Flag.atLeast(0),
    Flag.withMetavar("NAME"),
    Flag.withDescription("Show only points of this measurement; * stands for any text. Can be repeated")
  ),
  tag: Flag.String("tag").pipe(
    Flag.mapTryCatch(parseTag, () => "host=a, or host=* for any value"),
    Flag.atLeast(0),
    Flag.withMetavar("KEY=VALUE"),
    Flag.withDescription(
      "Show only points with this tag; * stands for any text. Can be repeated; a point must have all of them"
    )
  ),
  count: Flags.int("count", 1).pipe(
    Flag.optional,
    Flag.withDescription("End after this many points")
  ),
  seconds: Flags.positive("seconds").pipe(
    Flag.optional,
    Flag.withDescription("End after this many seconds, with code 1 if no point arrived")
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Print a line of JSON for each point, bad line and refused request")
  ),
  web: Flag.Boolean("web").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Also serve a live page, and print its address")
  ),
  webHost: Flags.text("web-host").pipe(
    Flag.optional,
    Flag.withDescription(
      "Address to serve the page at, default 127.0.0.1; with any other, other hosts can see the page"
    )
  ),
  webPort: port("web-port", "Port of the page; default a free one"),
  plain: Flags.plain
}

function parseTag(text: string): readonly [string, RegExp] {
  const at = text.indexOf("=")
  if (at < 1) throw new Error(text)
  return [text.slice(0, at), pattern(text.slice(at + 1))]
}

const pattern = (text: string): RegExp =>
  new RegExp(`^${text.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}/-]/g, "\\$&")).join("[^]*")}$`)

const filterOf = ({ measurement, tag }: Pick<Flags.Parsed<typeof options>, "measurement" | "tag">) => {
  const names = measurement.map(pattern)
  return ({ measurement, tags }: Point.Point): boolean =>
    (names.length === 0 || names.some((name) => name.test(measurement))) &&
    tag.every(([key, value]) => Object.hasOwn(tags, key) && value.test(tags[key]!))
}

const listen = Effect.fnUntraced(function*(flags: Flags.Parsed<typeof options>) {
  const { dialect, host, precision } = flags
  yield* Flags.needs("--web", flags.web, { "--web-host": flags.webHost, "--web-port": flags.webPort })
  const [udp, tcp, http] = [flags.udp, flags.tcp, flags.http].map(Option.getOrUndefined)
  const ports = { udp: udp ?? (tcp === undefined && http === undefined ? 8089 : undefined), tcp, http }
  const listener = yield* LineListener.make({
    ...ports,
    host,
    dialect,
    precision,
    receiveBufferBytes: 4 * 1024 * 1024
  }).pipe(Effect.mapError(({ message, reason }) =>
    reason._tag === "OpenFailed"
      ? hinted(`--${/^\w+/.exec(reason.endpoint)}: can't listen at ${reason.endpoint} (${reason.kind})`, "--host")
      : userError(message.replace(/^Option "(\w+)"/, "--$1"))
  ))
  const isShown = filterOf(flags)
  const last = Option.getOrElse(flags.count, () => Infinity)
  let shown = 0
  const screen = yield* Screen.Screen
  const watch = new Watch()
  const received = listener.received.pipe(
    Stream.filter((received) => received._tag !== "Point" || isShown(received.point)),
    Stream.takeUntil(({ _tag }) => _tag === "Point" && ++shown === last),
    screen.live || flags.web
      ? Stream.mapArray((chunk) => {
        for (const received of chunk) watch.add(received)
        return chunk
      })
      : identity
  )
  const place = `listening on ${placesOf(listener).join(", ")}`
  if (flags.web) yield* serve(flags, listener.counts, () => watch.details(place))
  const show: Effect.Effect<void, UserError, Screen.Screen | Stdio.Stdio | Terminal.Terminal> = flags.json
    ? Output.lines(Stream.map(received, toJson))
    : screen.live
    ? live(received, listener, watch, place)
    : Output.lines(Stream.flatMap(received, (received) => Stream.fromIterable(toText(received))))
  if (flags.json || !screen.live) yield* Console.error(place)
  // Ctrl-C is how this command ends, so that is no failure.
  const ended = Effect.gen(function*() {
    const counts = yield* listener.counts
    const total = `${count(counts.points, "point")} in ${count(counts.payloads, "payload")}`
    yield* Console.error(`${total}; ${troubles(counts)}`)
    process.exitCode ??= Option.isSome(flags.seconds) && shown === 0 ? 1 : 0
  })
  const bounded = Option.isNone(flags.seconds) ? show : Effect.timeoutOption(show, flags.seconds.value * 1000)
  yield* Effect.ensuring(bounded, ended)
}, Effect.scoped)

/** Serves the page for the life of the scope, and prints its address. */
const serve = Effect.fnUntraced(function*(
  { webHost, webPort }: Flags.Parsed<typeof options>,
  counts: Effect.Effect<LineListener.Counts>,
  details: () => Arrivals.Details
) {
  const [host, port] = [Option.getOrUndefined(webHost), Option.getOrUndefined(webPort)]
  const server = Arrivals.layerServer({ host, port, counts, details })
  const context = yield* Effect.mapError(
    Layer.build(server),
    ({ cause, message }) => hinted(`--web-port: ${cause instanceof Error ? cause.message : message}`, "--web-host")
  )
  const screen = yield* Screen.Screen
  const line = `watch it live: ${yield* Effect.provide(Panel.url, context)}`
  yield* screen.live ? screen.print(line) : Console.error(line)
})

const hinted = (message: string, host: string) => {
  const hints: ReadonlyArray<readonly [RegExp, string]> = [
    [/EADDRINUSE|AddressInUse/, ": another program listens there; choose another port, or 0 for a free one"],
    [/EACCES|PermissionDenied/, ": ports below 1024 need privileges"],
    [/EADDRNOTAVAIL|AddressNotAvailable|ENOTFOUND/, `: ${host} must be an address of this machine`]
  ]
  return userError(message + (hints.find(([cause]) => cause.test(message))?.[1] ?? ""))
}

const placesOf = ({ http, tcp, udp }: LineListener.Listener): ReadonlyArray<string> =>
  Object.entries({ udp, tcp, http }).flatMap(([scheme, { host, port } = { host: "", port: 0 }]) =>
    host === "" ? [] : [`${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`]
  )

const redrawMillis = 500

const live = (
  received: Stream.Stream<LineListener.Received>,
  listener: LineListener.Listener,
  watch: Watch,
  place: string
) =>
  Effect.gen(function*() {
    const screen = yield* Screen.Screen
    const start = yield* Screen.seconds
    const draw = Effect.gen(function*() {
      const counts = yield* listener.counts
      yield* screen.frame([
        `${bold("Efflux")}  ${place}  ${dim("Ctrl-C ends")}`,
        ...watch.draw(counts, (yield* Screen.seconds) - start, (yield* Screen.rows) - 2)
      ])
    })
    yield* draw
    yield* Effect.raceFirst(
      Stream.runDrain(received),
      Effect.forever(Effect.delay(draw, redrawMillis))
    ).pipe(Effect.ensuring(Effect.andThen(draw, screen.leave)))
  })

const toText = (received: LineListener.Received): ReadonlyArray<string> => {
  const at = new Date(Number(received.receivedAt / 1_000_000n)).toISOString().slice(11, 23)
  if (received._tag !== "Point") {
    const [first, ...rest] = explained(received)
    return [`${at} ${first}`, ...rest]
  }
  const { point, source } = received
  return [`${at} ${source.transport} ${escaped(source.address)} ${lineOf(point)}`]
}

const toJson = (received: LineListener.Received): string => {
  const { receivedAt, source } = received
  switch (received._tag) {
    case "Point":
      return json({ type: "point", ...received.point, source, receivedAt })
    case "Error": {
      const { column, line, message, reason } = received.error
      const text = received.excerpt?.text
      return json({ type: "error", line: int(line), column: int(column), reason, message, text, source, receivedAt })
    }
    case "Refused": {
      const { reason, request, status } = received
      return json({ type: "refused", request, status: int(status), reason, source, receivedAt })
    }
  }
}

/** The command. */
export const command = Command.make(
  "listen",
  options,
  (flags) => Effect.provide(listen(flags), Screen.layer({ plain: flags.plain || flags.json }))
).pipe(
  Command.withDescription(
    "Receives line protocol over UDP, TCP and HTTP and shows what arrives: points, rates, series, and bad lines with their position and reason. Stores nothing."
  ),
  Command.withExamples([
    { command: "efflux listen", description: "Is my program sending anything to UDP port 8089?" },
    { command: "efflux listen --http 8086 --json", description: "Be an InfluxDB, and print each point as JSON" },
    { command: "efflux listen --udp 8089 --measurement 'http_*' --tag host=a", description: "Show only some" }
  ])
)
