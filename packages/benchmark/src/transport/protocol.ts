/** What the processes of the end-to-end comparison say to each other. */

/** A receiver counts what comes. Its lines and bytes are those since it was last asked. */
export type ToReceiver = { readonly ask: "count" }
export interface Count {
  readonly points: number
  readonly payloads: number
  readonly bytes: number
}
export type FromReceiver = { readonly port: number } | { readonly count: Count }

/** A sender sends so many points, and says what that took. */
export type ToSender = { readonly send: number }
export interface Sent {
  /** From the first push until all was handed over, in nanoseconds. */
  readonly nanos: number
  /** Processor time of the whole process, in nanoseconds. */
  readonly cpu: number
}
export type FromSender = { readonly ready: true } | { readonly sent: Sent }
