/** The proxy as a program of its own, for a namespace. */
import * as Program from "@efflux/testkit/Program"
import * as Effect from "effect/Effect"
import * as UdpProxy from "../UdpProxy.ts"

const functionsOf = (proxy: UdpProxy.UdpProxy) => ({
  weather: (weather: UdpProxy.Weather) => {
    proxy.weather = weather
  },
  open: () => Effect.runPromise(proxy.open),
  close: () => Effect.runPromise(proxy.close)
})

/** The functions that the parent can call. */
export type Functions = ReturnType<typeof functionsOf>

const program = Effect.gen(function*() {
  Program.serve(functionsOf(yield* UdpProxy.make(Program.options<UdpProxy.ProxyOptions>())))
  return yield* Effect.never
})

Effect.runFork(Effect.scoped(program))
