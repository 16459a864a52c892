/**
 * The UDP transport: one connected socket per sender fiber. The transport resolves the server's name itself.
 *
 * - Sockets are connected, because for an unconnected socket Node looks the host name up for every datagram, hides
 *   ICMP refusals, and loses the callbacks of sends in flight when it closes.
 * - A name is looked up when the database starts and every `resolveInterval`, one look-up at a time for all senders.
 *   While look-ups fail, the last address is used. If it is no longer among the addresses of the name, or a few
 *   datagrams were refused there, the sockets are replaced by sockets for another address. IPv4 is preferred.
 * - A success means only that the operating system accepted the datagram. An ICMP refusal is reported by a later send,
 *   whose datagram the kernel did not accept. That datagram is sent once more, and the refusal is counted.
 *
 * @since 0.1.0
 */
import * as NodeDatagramSocket from "@effect/platform-node/NodeDatagramSocket"
import * as NodeDns from "@effect/platform-node/NodeDns"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Dns from "effect/net/Dns"
import * as NetAddress from "effect/net/NetAddress"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as DatagramSocket from "effect/socket/DatagramSocket"
import { InfluxError, OpenFailed, ResolveFailed, SendFailed } from "../../InfluxError.ts"
import type { Connection, Events, Transport } from "../../Transport.ts"
import type { UdpSettings } from "../config/DatabaseSettings.ts"
import { invalidOption } from "../config/invalidOption.ts"
import { isIp, isIpv6 } from "../config/OptionSchema.ts"
import { limited } from "./LookUpLimit.ts"

// Pauses between look-ups while there is no address at all, in milliseconds: doubled each time, with up to a fifth of
// jitter, so that not all programs of a network query a recovering resolver at the same moment.
const firstRetry = 100
const maxRetry = 2000

// Refusals after which another address of the name is tried, if it has one.
const refusalsPerAddress = 3

/**
 * Makes the UDP transport of one database, with the resolver of the operating
 * system. Never fails: a name that does not resolve is looked up until it does,
 * and `open` waits for that.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  settings: UdpSettings,
  events: Events
): Effect.Effect<Transport["Service"], never, Scope.Scope> => Effect.provide(makeDns(settings, events), NodeDns.layer)

/**
 * Like {@link make}, with the resolver of the context, and with sockets of
 * `makeSocket`, Node's by default.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeDns = Effect.fnUntraced(function*(
  settings: UdpSettings,
  events: Events,
  makeSocket: typeof NodeDatagramSocket.make = NodeDatagramSocket.make
): Effect.fn.Return<Transport["Service"], never, Dns.Dns | Scope.Scope> {
  const endpoint = `${settings.host}:${settings.port}`
  const server = new ServerAddress()
  if (isIp(settings.host)) server.use(settings.host)
  else yield* Effect.forkScoped(lookUpForever(settings, server, events.onFailure))
  return {
    open: Effect.suspend(() => {
      // A sender opens again after failures, which may mean that the address has changed.
      server.wanted.openUnsafe()
      return Effect.andThen(server.known.await, connect(settings, server, endpoint, events.onRefused, makeSocket))
    })
  }
})

/** The address that all senders of a database use. */
class ServerAddress {
  /** Open once there is an address. */
  readonly known = Latch.makeUnsafe(false)
  /** Open when a look-up is needed early. */
  readonly wanted = Latch.makeUnsafe(true)
  ip = ""
  /** Counts the changes of the address. */
  generation = 0
  /** All addresses of the name, IPv4 first. */
  #addresses: ReadonlyArray<string> = []
  #refusals = 0

  /**
   * Takes the addresses of an answer. The one in use stays as long as it is among them, because servers rotate their
   * answers.
   */
  found(answer: ReadonlyArray<NetAddress.IpAddress>): void {
    const isIpv4 = (ip: NetAddress.IpAddress) => NetAddress.isIpv4Address(ip)
    this.#addresses = [...answer.filter(isIpv4), ...answer.filter((ip) => !isIpv4(ip))].map(NetAddress.formatIp)
    if (!this.#addresses.includes(this.ip)) this.use(this.#addresses[0])
  }

  /** Notes that a datagram to the address was refused. */
  refused(): void {
    if (++this.#refusals < refusalsPerAddress || this.#addresses.length < 2) return
    this.use(this.#addresses[(this.#addresses.indexOf(this.ip) + 1) % this.#addresses.length])
  }

  /** Makes all senders use an address. */
  use(ip: string): void {
    this.ip = ip
    this.generation++
    this.#refusals = 0
    this.known.openUnsafe()
  }
}

const lookUpForever = Effect.fnUntraced(function*(
  settings: UdpSettings,
  server: ServerAddress,
  onFailure: (error: InfluxError) => void
) {
  const dns = yield* Dns.Dns
  const { bindAddress } = settings
  const family = bindAddress === undefined ? undefined : isIpv6(bindAddress) ? "IPv6" : "IPv4"
  let retry = firstRetry
  while (true) {
    server.wanted.closeUnsafe()
    const exit = yield* Effect.exit(limited(dns.lookup(settings.host, { family })))
    if (Exit.isSuccess(exit) && exit.value.length > 0) {
      server.found(exit.value)
    } else {
      const cause = Exit.isSuccess(exit) ? new Error("no addresses") : Cause.squash(exit.cause)
      onFailure(new InfluxError({ reason: new ResolveFailed({ host: settings.host, cause }) }))
    }
    if (server.known.isOpen()) {
      // Limits the rate of look-ups, however often senders request one.
      const pause = Math.min(firstRetry, settings.resolveInterval)
      yield* Effect.sleep(pause)
      yield* Effect.timeoutOption(server.wanted.await, Math.max(1, settings.resolveInterval - pause))
    } else {
      yield* Effect.sleep(Math.min(retry, settings.resolveInterval) * (yield* Random.nextBetween(1, 1.2)))
      retry = Math.min(2 * retry, maxRetry)
    }
  }
})

const connect = Effect.fnUntraced(function*(
  settings: UdpSettings,
  server: ServerAddress,
  endpoint: string,
  onRefused: (endpoint: string) => void,
  makeSocket: typeof NodeDatagramSocket.make
): Effect.fn.Return<Connection, InfluxError, Scope.Scope> {
  const generation = server.generation
  const refused = () => {
    if (server.generation === generation) server.refused()
    onRefused(endpoint)
  }
  const socket = yield* makeSocket({
    connect: { address: server.ip, port: settings.port },
    bind: settings.bindAddress === undefined ? undefined : { address: settings.bindAddress },
    kernelSendBufferSize: settings.sendBufferBytes,
    ttl: settings.ttl,
    // Nothing is expected to arrive.
    receiveBuffer: { capacity: 1 },
    onError: (error) => {
      if (isRefusal(error)) refused()
    }
  })
  // The reader owns the socket, and writes wait for it.
  const opened = yield* Effect.result(socket.reader)
  if (Result.isFailure(opened)) {
    const error = opened.failure
    const { bindAddress } = settings
    if (bindAddress !== undefined && isNoAddressOfOurs(error)) return misconfigured(bindAddress)
    return yield* new InfluxError({ reason: new OpenFailed({ endpoint, kind: kindOf(error), cause: error.reason }) })
  }
  const writer = yield* socket.writer

  const failed = (error: DatagramSocket.DatagramSocketError) =>
    Effect.fail(new InfluxError({ reason: new SendFailed({ endpoint, kind: kindOf(error), cause: error.reason }) }))
  let sending = 0
  return {
    send: (payload, points) => {
      sending = points
      const write = writer.write({ payload })
      return Effect.catch(write, (error) => {
        if (!isRefusal(error)) return failed(error)
        refused()
        return Effect.catch(write, failed)
      })
    },
    // The operating system may or may not have accepted the datagram.
    interrupted: () => ({ sent: 0, unknown: sending }),
    isStale: () => server.generation !== generation
  }
})

// Opening again would not help, and points that wait for it would keep a flush waiting forever.
const misconfigured = (bindAddress: string): Connection => {
  const allowed = "an IP address that this host has, of the same family as the server's"
  const wrong = invalidOption("bindAddress", bindAddress, allowed)
  return { send: () => Effect.fromResult(wrong), isStale: () => false }
}

const isNoAddressOfOurs = ({ reason }: DatagramSocket.DatagramSocketError): boolean =>
  "cause" in reason && /^(?:EADDRNOTAVAIL|ENOTFOUND|EAI_\w+|EINVAL|EAFNOSUPPORT)$/.test(Object(reason.cause).code)

const isRefusal = (error: DatagramSocket.DatagramSocketError): boolean => kindOf(error) === "ConnectionRefused"

const kindOf = (error: DatagramSocket.DatagramSocketError): string =>
  "kind" in error.reason ? error.reason.kind : error.reason._tag
