/**
 * `efflux pace`: finds how fast a UDP listener can be sent to without loss.
 *
 * First the largest burst that loses nothing, then the highest rate. A rate that passes for seconds can still lose
 * within a minute, when the server writes its files or collects garbage: so it is sent for a minute, and lowered until
 * nothing is lost. The answer is half of the burst and 70 % of that rate.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { LineListener, Precision } from "efflux"
import * as Arrivals from "./Arrivals.ts"
import { int, type Parsed, plain, positive, text } from "./Flags.ts"
import * as Flood from "./Flood.ts"
import * as Output from "./Output.ts"
import { plot } from "./Plot.ts"
import * as Screen from "./Screen.ts"
import * as Target from "./Target.ts"
import { count, grouped, type UserError, userError } from "./Text.ts"

const options = {
  to: Flag.String("to").pipe(
    Flag.withMetavar("URL"),
    Flag.withDescription("The UDP listener, like udp://localhost:8089")
  ),
  ask: Flag.String("ask").pipe(
    Flag.optional,
    Flag.withMetavar("URL"),
    Flag.withDescription(
      "The HTTP address of the same InfluxDB 1, which counts what arrived. Without it the listener must be on this host, where Linux counts what it dropped. Secrets come from INFLUX_USERNAME and INFLUX_PASSWORD"
    )
  ),
  seconds: positive("seconds").pipe(
    Flag.withDefault(3),
    Flag.withDescription("How long each rate is tried, and the best one twenty times as long; default 3")
  ),
  max: int("max", 1, 1_000_000).pipe(
    Flag.withDefault(200_000),
    Flag.withDescription("The highest rate to try, in packets per second; default 200000")
  ),
  measurement: text("measurement").pipe(
    Flag.withDefault("efflux_pace"),
    Flag.withMetavar("NAME"),
    Flag.withDescription("Name of the points that are sent and stored; default efflux_pace")
  ),
  precision: Flag.Literals("precision", Precision.all).pipe(
    Flag.withDefault("ns"),
    Flag.withDescription("Unit of the timestamps that the listener is set to; default ns")
  ),
  plain
}

const firstBurst = 4
const largestBurst = 1024
const burstRounds = 5
const firstRate = 250
const bisections = 4
/** The answer is this part of the rate that lost nothing. After a loss, this part of the rate is tried next. */
const margin = 0.7
// A rate is confirmed this often, each time this much longer than its first trial: by default for a minute in all.
const confirmations = 4
const longer = 5

/** A rate that was tried. */
interface Trial {
  readonly sent: number
  readonly lost: number
  /** Packets per second that were reached. */
  readonly rate: number
}

/** Counts lost packets. `source` says in words where the number comes from. */
interface Counter {
  readonly source: string
  /** Starts counting. Succeeds with a function from the number of packets sent since then to how many of them were lost. */
  readonly begin: Effect.Effect<(sent: number) => Effect.Effect<number, UserError>, UserError>
}

const asked = Effect.fnUntraced(function*(url: string, points: number) {
  const counter = yield* Arrivals.counter("--ask", url)
  const begin = Effect.map(
    counter,
    (arrived) => (sent: number) => Effect.map(arrived(sent * points), (count) => Math.max(0, sent - count / points))
  )
  return { source: "the server's own counter", begin } satisfies Counter
})

const local = Effect.fnUntraced(function*(host: string, port: number) {
  const state = Effect.flatMap(LineListener.udpSocketState(port), (state) =>
    state === undefined
      ? Effect.fail(userError(
        `Linux shows no listener at UDP port ${port} of this host. If the server is elsewhere or in a container, give --ask`
      ))
      : Effect.succeed(state))
  if (!/^(?:localhost|127\..*|::1)$/.test(host)) {
    return yield* userError(`${host} may be another host: give --ask, the HTTP address of the same InfluxDB 1`)
  }
  const begin = Effect.map(state, ({ drops }) =>
    Effect.fnUntraced(function*() {
      for (let tries = 0; tries < 100 && (yield* state).receiveQueueBytes > 0; tries++) yield* Effect.sleep(100)
      return (yield* state).drops - drops
    }))
  yield* state
  return { source: "the kernel's counter of drops", begin } satisfies Counter
})

const pace = Effect.fnUntraced(function*(flags: Parsed<typeof options>) {
  const { host, port } = yield* Target.udp("--to", flags.to)
  const screen = yield* Screen.Screen
  const unit = Precision.nanosPer(flags.precision)
  const now = BigInt(yield* Clock.currentTimeMillis) * 1_000_000n
  const payloads = yield* Effect.try({
    try: () => Flood.payloads(flags.measurement, now / unit * unit, flags.precision),
    catch: (error) => userError(`--${error instanceof Error ? error.message : error}`, error)
  })
  const counter: Counter = yield* Option.match(flags.ask, {
    onNone: () => local(host, port),
    onSome: (url) => asked(url, payloads.points)
  })
  const flood = yield* Flood.make(host, port, payloads)
  yield* screen.print(`to udp://${host}:${port}, ${payloads.points} points per packet; losses by ${counter.source}`)

  const trial = Effect.fnUntraced(function*(packetsPerSecond: number, burst: number, seconds: number) {
    yield* screen.frame([`sending ${grouped(packetsPerSecond)} packets/s for ${seconds} s`])
    const dose = { packetsPerSecond, burst, packets: Math.max(burst, Math.ceil(packetsPerSecond * seconds)) }
    const lostOf = yield* counter.begin
    const { packets, seconds: taken } = yield* flood(dose)
    return { sent: packets, lost: yield* lostOf(packets), rate: packets / taken } satisfies Trial
  })
  // Other work on the machine can cost a packet now and then, so a rate fails only if it loses packets twice.
  const twice = (once: Effect.Effect<Trial, UserError>) =>
    Effect.flatMap(once, (first) => first.lost === 0 ? Effect.succeed(first) : once)

  const bursts = Effect.fnUntraced(function*(burst: number) {
    const lostOf = yield* counter.begin
    const once = Effect.delay(flood({ packetsPerSecond: 1, burst, packets: burst }), 100)
    yield* Effect.repeat(once, { times: burstRounds - 1 })
    const sent = burst * burstRounds
    return { sent, lost: yield* lostOf(sent), rate: 0 } satisfies Trial
  })
  let good = 0
  for (let burst = firstBurst; burst <= largestBurst; burst *= 2) {
    yield* screen.frame([`sending bursts of ${burst}`])
    const { lost, sent } = yield* twice(bursts(burst))
    yield* screen.print(`bursts of ${String(burst).padStart(4)} packets: ${lossOf(lost, sent)}`)
    if (lost > 0) break
    good = burst
  }
  if (good === 0) {
    yield* Output.endWith(1)
    return yield* Console.error(
      `even bursts of ${firstBurst} packets are lost: is this the port of the listener, does --ask name the same server, and is its precision "${flags.precision}"?`
    )
  }
  const burst = good / 2

  const trials: Array<Trial & { readonly packetsPerSecond: number }> = []
  const rateOf = Effect.fnUntraced(function*(packetsPerSecond: number) {
    const { lost, rate, sent } = yield* twice(trial(packetsPerSecond, burst, flags.seconds))
    const reached = rate < slow * packetsPerSecond ? ` (this machine sent only ${grouped(rate)} packets/s)` : ""
    const points = grouped(packetsPerSecond * payloads.points).padStart(9)
    yield* screen.print(`${rateText(packetsPerSecond)}, ${points} points/s: ${lossOf(lost, sent)}${reached}`)
    trials.push({ packetsPerSecond, sent, lost, rate })
    return { isGood: lost === 0, isReached: reached === "", rate: reached === "" ? packetsPerSecond : rate }
  })
  let best = 0
  let bad = 0
  for (let rate = firstRate; bad === 0 && rate <= flags.max; rate *= 2) {
    const tried = yield* rateOf(rate)
    if (!tried.isGood) bad = rate
    else best = Math.max(best, tried.rate)
    if (!tried.isReached) break
  }
  for (let n = 0; n < bisections && best > 0 && bad > 0; n++) {
    const middle = Math.round(Math.sqrt(best * bad))
    const { isGood, rate } = yield* rateOf(middle)
    if (isGood) best = Math.max(best, rate)
    else bad = middle
  }
  const isSteady = Effect.fnUntraced(function*(rate: number) {
    let lost = 0
    let sent = 0
    for (let part = 0; lost === 0 && part < confirmations; part++) {
      const long = yield* trial(rate, burst, longer * flags.seconds)
      lost = long.lost
      sent += long.sent
    }
    yield* screen.print(`${rateText(rate)} for ${grouped(Math.max(1, sent / rate))} s: ${lossOf(lost, sent)}`)
    return lost === 0
  })
  let steady = rounded(best)
  while (steady > 0 && !(yield* isSteady(steady))) steady = rounded(steady * margin)
  const answer = rounded(steady * margin)
  yield* screen.frame([])
  yield* screen.leave
  const points = trials.map(({ lost, packetsPerSecond, sent }) =>
    [BigInt(packetsPerSecond), 100 * lost / sent] as const
  )
  const loss = { name: "% lost over packets/s", points }
  yield* Effect.forEach(plot(loss, yield* Screen.columns, 10, (rate) => grouped(Number(rate))), screen.print)
  if (answer === 0) {
    yield* Output.endWith(1)
    return yield* Console.error("every rate lost packets: try a larger read-buffer of the listener")
  }
  const seconds = confirmations * longer * flags.seconds
  const limit = bad === 0 ? "no higher rate was tried" : `loss at ${grouped(bad)} packets/s`
  yield* screen.print(
    `no loss in ${seconds} s at ${grouped(steady)} packets/s, or in ${flags.seconds} s at ${
      grouped(best)
    } packets/s; ${limit}`
  )
  yield* screen.print(`pacing: { packetsPerSecond: ${answer}, burst: ${burst} }`)
}, Effect.scoped)

// Below this part of a rate, the machine was too slow to try it.
const slow = 0.9

/** Two digits, rounded down. */
const rounded = (rate: number): number => {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(rate)) - 1)
  return rate < 1 ? 0 : Math.floor(rate / unit) * unit
}

const rateText = (packetsPerSecond: number): string => `${grouped(packetsPerSecond).padStart(7)} packets/s`

const lossOf = (lost: number, sent: number): string =>
  lost === 0
    ? "nothing lost"
    : `${count(Math.ceil(lost), "packet")} of ${grouped(sent)} lost (${(100 * lost / sent).toPrecision(2)} %)`

/** The command. */
export const command = Command.make(
  "pace",
  options,
  (flags) => Effect.provide(pace(flags), Screen.layer(flags))
).pipe(
  Command.withDescription(
    "Finds how many packets per second, and in what bursts, a UDP listener accepts without loss. Prints the option pacing to use, with a margin: 70 % of the rate that lost nothing for a minute, and half of the burst. It overloads the listener for a few minutes, and the server stores what it accepts."
  ),
  Command.withExamples([
    {
      command: "efflux pace --to udp://localhost:8089 --ask http://localhost:8086",
      description: "Ask InfluxDB 1 what arrived"
    },
    { command: "efflux pace --to udp://localhost:8089", description: "On the same host, by the kernel's drops" }
  ])
)
