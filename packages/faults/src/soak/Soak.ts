/** The soak: a program pushes ten times what the network carries, and every few seconds something else goes wrong. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FileSystem from "effect/FileSystem"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import * as Path from "node:path"
import * as Journal from "../Journal.ts"
import type { Sample } from "../Load.ts"
import * as Namespace from "../Namespace.ts"
import { start as startProgram } from "../Program.ts"
import type { Functions as ProxyFunctions } from "../programs/proxy.ts"
import type { Closed } from "../programs/pusher.ts"
import * as Pusher from "../Pusher.ts"
import * as Receiver from "../Receiver.ts"
import type { ProxyOptions } from "../UdpProxy.ts"
import { faultsOf, proxyPort, type Transport, type World } from "./Fault.ts"
import type { Band } from "./Plot.ts"

/** What can be chosen. */
export interface Options {
  readonly transport: Transport
  readonly minutes: number
  readonly seed: number
  /** The load, as a multiple of what the network carries. */
  readonly times: number
}

/** A sample, and what the server had received by then. */
export interface Look {
  /** Since the overload began. */
  readonly seconds: number
  readonly sample: Sample
  readonly received: number
}

/** What happened. */
export interface Soaked {
  readonly transport: Transport
  /** Distinct points that the servers, one after the other, have accepted since the start. */
  readonly stored: number
  readonly drain: number
  readonly load: number
  /** Before the overload. */
  readonly first: Sample
  readonly looks: ReadonlyArray<Look>
  readonly bands: ReadonlyArray<Band>
  /** Seconds from the end of the last fault until points were received again. */
  readonly recovery: number
  readonly closed: Closed
  readonly exitCode: number | null
  readonly stderr: string
}

/** Options of the database that differ from the defaults. */
export const settings = { senders: 4, batchSize: 100, queueCapacity: 10_000, drainTimeout: 2000 } as const

const bitsPerSecond = 5_000_000
const queueBytes = 20_000_000
const serverPort = 8088
const faultEvery = 5
const lookEvery = 500

/** Runs a soak; `say` gets a line for each fault, and one every ten seconds. */
export const run = (options: Options, say: (line: string) => void) =>
  Effect.scoped(Effect.gen(function*() {
    const { transport } = options
    const files = yield* FileSystem.FileSystem
    const journal = Path.join(yield* files.makeTempDirectoryScoped({ prefix: "efflux-soak-" }), "journal")
    const world = yield* makeWorld(transport, journal)
    const pusher = yield* Pusher.start({
      namespace: world.near.namespace,
      database: transport === "udp" ? { host: world.far.address, port: proxyPort, ...settings } : {
        transport,
        version: 1,
        url: `http://${world.far.address}:${proxyPort}`,
        database: "soak",
        // So that the capacity of the network does not depend on the points.
        gzipThreshold: "none",
        timeout: 2000,
        ...settings
      },
      node: Pusher.steadyHeap
    })

    // How much does the network carry?
    yield* pusher.rate(60_000)
    yield* Effect.sleep("3 seconds")
    const one = yield* pusher.sample()
    yield* Effect.sleep("3 seconds")
    const two = yield* pusher.sample()
    const drain = Math.round((two.stats.sent - one.stats.sent) / (two.at - one.at) * 1000)
    const load = options.times * drain
    say(`The network takes ${drain} points/s; the load is ${load}. Seed ${options.seed}.`)
    yield* pusher.reset()
    yield* pusher.rate(load)

    const began = performance.now()
    const seconds = () => (performance.now() - began) / 1000
    const looks: Array<Look> = []
    const bands: Array<Band> = []
    const watching = yield* Effect.forkScoped(watch(pusher, world, seconds, looks, say))
    while (seconds() + faultEvery < options.minutes * 60) {
      const fault = yield* Random.choice(faultsOf(transport))
      const lasts = yield* Random.nextBetween(1, faultEvery - 1)
      const scope = yield* Scope.make()
      const from = seconds()
      say(`${from.toFixed(0)} s: ${fault.name} for ${lasts.toFixed(1)} s`)
      yield* fault.begin(world).pipe(Effect.provideService(Scope.Scope, scope))
      yield* Effect.sleep(lasts * 1000)
      yield* fault.end(world).pipe(Effect.provideService(Scope.Scope, scope))
      yield* Scope.close(scope, Exit.void)
      bands.push({ from, to: seconds(), label: fault.name })
      yield* Effect.sleep(Math.max(0, from + faultEvery - seconds()) * 1000)
    }

    // All faults are over: points must be received again.
    const recovering = performance.now()
    const before = (yield* world.server.current.received()).points
    while ((yield* world.server.current.received()).points === before) yield* Effect.sleep(20)
    const recovery = (performance.now() - recovering) / 1000
    yield* Effect.sleep("1 second")
    watching.interruptUnsafe()
    const closed = yield* pusher.close()
    const ended = yield* pusher.program.exit
    return {
      transport,
      stored: Journal.distinct(journal),
      drain,
      load,
      first: two,
      looks,
      bands,
      recovery,
      closed,
      exitCode: ended.code,
      stderr: pusher.program.written
    } satisfies Soaked
  })).pipe(Random.withSeed(options.seed))

const makeWorld = Effect.fnUntraced(function*(transport: Transport, journal: string) {
  const scope = yield* Effect.scope
  const { far, near } = yield* Namespace.pair
  yield* near.namespace.slow(near.device, bitsPerSecond, queueBytes)
  const start = Receiver.start({
    namespace: far.namespace,
    transport,
    journal,
    ...(transport === "udp" ? { host: "127.0.0.1", port: serverPort } : { host: far.address, port: proxyPort })
  }).pipe(Effect.provideService(Scope.Scope, scope))
  const server = { current: yield* start, start }
  const proxy = transport === "http" ? undefined : yield* startProgram<ProxyFunctions>(
    "proxy",
    { seed: 1, host: far.address, port: proxyPort, targetPort: serverPort } satisfies ProxyOptions,
    { namespace: far.namespace }
  )
  return { transport, near, far, proxy, server, bitsPerSecond, queueBytes } satisfies World
})

const watch = (
  pusher: Pusher.Pusher,
  world: World,
  seconds: () => number,
  looks: Array<Look>,
  say: (line: string) => void
) =>
  Effect.gen(function*() {
    let server = world.server.current
    let before = 0
    let latest = 0
    let saidAt = 0
    while (true) {
      if (server !== world.server.current) {
        server = world.server.current
        before += latest
        latest = 0
      }
      // A server that is stopped or dead does not answer.
      const received = yield* Effect.option(Effect.timeout(server.received(), 200))
      if (received._tag === "Some") latest = received.value.points
      const sample = yield* pusher.sample()
      looks.push({ seconds: seconds(), sample, received: before + latest })
      if (seconds() - saidAt >= 10) {
        saidAt = seconds()
        const { dropped, pushed, queued, sent } = sample.stats
        say(
          `${
            saidAt.toFixed(0)
          } s: pushed ${pushed}, sent ${sent}, shed ${dropped.queue_full}, failed ${dropped.send_error}, ` +
            `queued ${queued}, ${
              (sample.rss / 2 ** 20).toFixed(0)
            } MB, law broken in ${sample.law.broken} of ${sample.law.looks} checks`
        )
      }
      yield* Effect.sleep(lookEvery)
    }
  })
