/** What the kernel reports about a bound UDP port on Linux, as the library reads it. */
import * as Effect from "effect/Effect"
import { LineListener } from "efflux"

export type UdpSocketState = LineListener.UdpSocketState
export const udpSocketState = LineListener.udpSocketState

/** Datagrams dropped at a local UDP port since it was bound; `undefined` when that can't be known. */
export const kernelDrops = (port: number): Effect.Effect<number | undefined> =>
  Effect.map(udpSocketState(port), (state) => state?.drops)
