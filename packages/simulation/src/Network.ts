/**
 * The environment of the UDP transport: a resolver and a kernel, with every answer and delay. Everything above it is
 * the library's own code and Effect's, down to the socket that Node would provide.
 */
import type { NodeDatagramSocket } from "@effect/platform-node"
import type { SeededRandom } from "@efflux/testkit/SeededRandom"
import { Effect } from "effect"
import { Dns, NetAddress } from "effect/net"
import { DatagramSocket } from "effect/socket"
import type { Watch } from "./Watch.ts"
import type { World } from "./World.ts"

const { DatagramSocketError, DatagramSocketOpenError, DatagramSocketReadError, DatagramSocketWriteError } =
  DatagramSocket

const addresses = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"].map(NetAddress.ipFromStringUnsafe)

// Created once, because their Schemas check every new one.
const openFailures = (["AddressInUse", "AddressNotAvailable", "PermissionDenied", "Unknown"] as const).map((kind) =>
  new DatagramSocketError({ reason: new DatagramSocketOpenError({ kind, cause: "simulated" }) })
)
const writeFailures = (["Unreachable", "PermissionDenied", "MessageTooLarge", "Unknown"] as const).map((kind) =>
  new DatagramSocketError({ reason: new DatagramSocketWriteError({ kind, cause: "simulated" }) })
)
const refusal = new DatagramSocketError({
  reason: new DatagramSocketWriteError({ kind: "ConnectionRefused", cause: "simulated" })
})
const refusalReport = new DatagramSocketError({
  reason: new DatagramSocketReadError({ kind: "ConnectionRefused", cause: "simulated" })
})

// Longer than any run. But it ends, as every call to an operating system does.
const veryLong = 5000

export class Network {
  readonly #world: World
  readonly #random: SeededRandom
  readonly #watch: Watch
  readonly #trouble: number
  #lookUps = 0
  #lookingUp = false
  #lastLookUp = Number.NEGATIVE_INFINITY
  /** The addresses of the latest answer, and of the one that the transport must have noticed. */
  #answered: ReadonlyArray<string> | undefined
  #noticed: ReadonlyArray<string> | undefined

  constructor(world: World, random: SeededRandom, watch: Watch) {
    this.#world = world
    this.#random = random
    this.#watch = watch
    this.#trouble = watch.isCalm ? 0.3 : random.pick([0.05, 0.5, 0.9])
  }

  readonly dns: Dns.Dns["Service"] = Dns.make({
    lookup: (hostname) =>
      Effect.acquireUseRelease(
        Effect.sync(() => this.#startLookUp(hostname)),
        () => this.#lookUp(hostname),
        () => Effect.sync(() => this.#endLookUp())
      )
  })

  readonly makeSocket: typeof NodeDatagramSocket.make = (options = {}) =>
    DatagramSocket.makeFromBackingSocket((events) => this.#open(options, events), options)

  /** Checks the end of the run. */
  checkEnd(): void {
    if (this.#lookingUp) this.#watch.fail("a look-up goes on after closing")
  }

  get lookUps(): number {
    return this.#lookUps
  }

  #startLookUp(hostname: string): void {
    const watch = this.#watch
    const { settings } = watch
    if (this.#lookingUp) watch.fail("two look-ups at a time")
    if (hostname !== settings.host || !isName(hostname)) watch.fail(`a look-up of ${hostname}`)
    if (this.#world.now - this.#lastLookUp < Math.min(100, settings.resolveInterval)) {
      watch.fail(`a look-up ${this.#world.now - this.#lastLookUp} ms after the one before`)
    }
    this.#lookUps++
    this.#lookingUp = true
    this.#noticed = this.#answered
  }

  #endLookUp(): void {
    this.#lookingUp = false
    this.#lastLookUp = this.#world.now
  }

  #lookUp(hostname: string): Effect.Effect<ReadonlyArray<NetAddress.IpAddress>, Dns.DnsError> {
    const watch = this.#watch
    const random = this.#random
    const fail = Effect.suspend(() => {
      watch.trace(() => "look-up failed")
      return Effect.fail(new Dns.DnsError({ reason: "NotFound", method: "lookup", hostname, recordType: undefined }))
    })
    const answer = Effect.sync(() => {
      const first = random.integer(0, addresses.length - 1)
      const found = addresses.slice(first, first + random.integer(1, 3))
      this.#answered = found.map(NetAddress.formatIp)
      watch.trace(() => `look-up: ${this.#answered}`)
      return found
    })
    const pause = this.#world.sleep(random.integer(1, 10))
    // A calm world answers eventually.
    if (!random.chance(this.#trouble) || (watch.isCalm && this.#lookUps > 3)) return answer
    return random.pick([
      fail,
      Effect.andThen(pause, fail),
      Effect.andThen(pause, answer),
      Effect.succeed([]),
      ...(watch.isCalm ? [] : [Effect.andThen(this.#world.sleep(veryLong), answer), Effect.die("simulated")])
    ])
  }

  #open(
    options: NodeDatagramSocket.Options,
    events: DatagramSocket.BackingEvents
  ): Effect.Effect<DatagramSocket.BackingSocket, DatagramSocket.DatagramSocketError> {
    const random = this.#random
    const address = String(options.connect!.address)
    const { host } = this.#watch.settings
    if (isName(host) ? this.#answered === undefined : address !== host) {
      this.#watch.fail(`a connection to ${address}, which nobody named`)
    }
    const pause = this.#world.sleep(random.integer(1, 10))
    const opened = Effect.sync(() => this.#socket(address, events))
    if (!random.chance(this.#trouble)) return opened
    return random.pick<() => Effect.Effect<DatagramSocket.BackingSocket, DatagramSocket.DatagramSocketError>>([
      () => Effect.fail(random.pick(openFailures)),
      () => Effect.andThen(pause, Effect.fail(random.pick(openFailures))),
      () => Effect.andThen(pause, opened),
      ...(this.#watch.isCalm ? [] : [
        () => {
          this.#watch.fates.loseHeld()
          return Effect.die("simulated")
        },
        () => Effect.andThen(this.#world.sleep(veryLong), opened)
      ])
    ])()
  }

  #socket(address: string, events: DatagramSocket.BackingEvents): DatagramSocket.BackingSocket {
    const random = this.#random
    const watch = this.#watch
    const connected = watch.connect("unknown")
    let closed = false
    let sentLate = 0
    let retried = false
    if (!watch.isCalm && random.chance(0.05)) {
      this.#world.schedule(random.integer(1, 20), () => {
        if (closed) return
        watch.fates.loseUnseen()
        connected.isBroken = true
        events.onClose()
      })
    }
    return {
      address: { host: "0.0.0.0", port: 40_000 },
      peer: { host: address, port: watch.settings.port },
      connected: true,
      send: (payload, destination, done) => {
        if (closed) watch.fail("a payload is sent over a closed socket")
        if (destination !== undefined) watch.fail("a payload has a destination of its own")
        // The one that was on its way when the change was noticed may still go to the old address.
        if (this.#isOld(address) && !retried && ++sentLate > 1) {
          watch.fail(`payloads are sent to ${address}, though the name is known to be ${this.#noticed}`)
        }
        connected.receive(payload)
        this.#settle((delay, error) => {
          retried = error === refusal && !retried
          const copy = payload.slice()
          const end = () => {
            if (!closed && Buffer.compare(copy, payload) !== 0) watch.fail("a payload changed while it was sent")
            if (error === undefined) connected.delivered()
            else if (retried) connected.refused(payload)
            else connected.failed()
            done(error)
          }
          if (delay === 0) end()
          else this.#world.schedule(delay, end)
        })
        if (random.chance(0.02) && !closed) {
          watch.fates.refusals++
          watch.fates.knownRefusals++
          events.onError(refusalReport)
        }
      },
      sendMany: () => watch.fail("payloads are sent one by one"),
      joinMulticast: () => watch.fail("nothing is to be received"),
      close: () => {
        if (closed) watch.fail("a socket is closed twice")
        closed = true
        connected.close()
      }
    }
  }

  #isOld(address: string): boolean {
    return this.#noticed !== undefined && ![...this.#noticed, ...this.#answered!].includes(address)
  }

  /** Decides what happens to a datagram. */
  #settle(end: (delay: number, error: DatagramSocket.DatagramSocketError | undefined) => void): void {
    const random = this.#random
    const delay = random.chance(0.2) ? random.integer(1, 10) : 0
    if (!random.chance(this.#trouble)) return end(delay, undefined)
    random.pick([
      () => end(delay, refusal),
      () => end(delay, random.pick(writeFailures)),
      () => end(random.integer(1, 10), undefined),
      // Never, as far as the sender can see.
      ...(this.#watch.isCalm ? [] : [() => end(veryLong, random.pick([undefined, ...writeFailures]))])
    ])()
  }
}

/** Whether a host has to be looked up. */
export const isName = (host: string): boolean => host === "influx.test"
