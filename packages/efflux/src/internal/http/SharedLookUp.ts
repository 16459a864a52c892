/**
 * Runs one look-up of a name at a time, however many connections need it, because a look-up can't be cancelled and
 * outlives the requests that needed it.
 *
 * @since 0.1.0
 */
import type { LookupAddress, LookupOptions } from "node:dns"
import { lookup } from "node:dns"

type Callback = (
  error: NodeJS.ErrnoException | null,
  address: string | Array<LookupAddress>,
  family?: number | undefined
) => void

/**
 * Makes a function for the option `lookup` of Node's sockets.
 *
 * @internal
 */
export const make = () => {
  const underWay = new Map<string, Array<Callback>>()
  return (hostname: string, options: LookupOptions, callback: Callback): void => {
    const key = JSON.stringify([hostname, options])
    const waiting = underWay.get(key)
    if (waiting !== undefined) {
      waiting.push(callback)
      return
    }
    const callbacks = [callback]
    underWay.set(key, callbacks)
    lookup(hostname, options, (error, address, family) => {
      underWay.delete(key)
      for (const callback of callbacks) callback(error, address, family)
    })
  }
}
