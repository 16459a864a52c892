/** The proxy as a program of its own, for a namespace. */
import * as Effect from "effect/Effect"
import * as Protocol from "../Protocol.ts"
import { type ProxyOptions, UdpProxy, type Weather } from "../UdpProxy.ts"

const proxy = new UdpProxy(Protocol.options<ProxyOptions>())
await Effect.runPromise(proxy.open)

new Protocol.Server({
  counts: () => proxy.counts,
  weather: (request) => {
    proxy.weather = request["weather"] as Weather
  },
  open: () => Effect.runPromise(proxy.open),
  close: () => Protocol.run(proxy.close)
})
