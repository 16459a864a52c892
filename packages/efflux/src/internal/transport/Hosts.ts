/**
 * The hosts of one HTTP database: which are healthy, and which one gets the next payload.
 *
 * There are no separate probes. A host that failed is skipped for a time that doubles from 1 to 30 seconds with
 * every failure, or for as long as it asked for, if that is more than a second. Then the next payload that would
 * have gone to it tries it. A payload that fails there goes to another host at once.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import { monotonicMillis } from "../text/monotonic.ts"

// How long a host is skipped after failures, in milliseconds.
const firstSkip = 1000
const maxSkip = 30_000

/** One host. */
interface Host<A> {
  readonly http: A
  failures: number
  /** The monotonic time in milliseconds until which it is skipped. */
  skippedUntil: number
}

/**
 * All hosts of one database, shared by its senders.
 *
 * @category models
 * @since 0.1.0
 */
export class Hosts<A> {
  readonly #hosts: ReadonlyArray<Host<A>>
  readonly #clock: Clock.Clock
  readonly #rotates: boolean
  #rotation = 0

  constructor(exchanges: ReadonlyArray<A>, strategy: "failover" | "round-robin", clock: Clock.Clock) {
    this.#hosts = exchanges.map((http) => ({ http, failures: 0, skippedUntil: Number.NEGATIVE_INFINITY }))
    this.#clock = clock
    this.#rotates = strategy === "round-robin"
  }

  /**
   * The host for the next payload: the first healthy one, or the next healthy one in the rotation; if none is healthy, the
   * one that has been skipped for longest.
   */
  next(): Host<A> {
    const hosts = this.#hosts
    const now = monotonicMillis(this.#clock)
    const start = this.#rotates ? this.#rotation++ : 0
    let best = hosts[start % hosts.length]
    for (let i = 0; i < hosts.length; i++) {
      const host = hosts[(start + i) % hosts.length]
      if (host.skippedUntil <= now) return host
      if (host.skippedUntil < best.skippedUntil) best = host
    }
    return best
  }

  get count(): number {
    return this.#hosts.length
  }

  /** Whether a host is healthy, so a payload that failed elsewhere does not have to wait. */
  get hasHealthy(): boolean {
    const now = monotonicMillis(this.#clock)
    return this.#hosts.length > 1 && this.#hosts.some((host) => host.skippedUntil <= now)
  }

  /** Notes that a host answered. */
  answered(host: Host<A>): void {
    host.failures = 0
    host.skippedUntil = Number.NEGATIVE_INFINITY
  }

  /** Notes that a host failed. It may have said how long to wait. */
  failed(host: Host<A>, retryAfter: number | undefined): void {
    const now = monotonicMillis(this.#clock)
    // Failures of several senders at the same time count as one.
    if (host.skippedUntil > now) return
    // A host that asks for no wait would be healthy at once, and all retries of a payload would follow without a pause.
    const millis = retryAfter ?? Math.min(firstSkip * 2 ** host.failures, maxSkip)
    host.skippedUntil = now + Math.max(millis, firstSkip)
    host.failures = Math.min(host.failures + 1, 16)
  }
}
