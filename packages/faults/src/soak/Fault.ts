/** The faults of a soak. Each has a beginning and an end, and restores what it changed. */
import type { Program, ProgramError } from "@efflux/testkit/Program"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ToolError } from "../Host.ts"
import type { End } from "../Namespace.ts"
import type { Functions as ProxyFunctions } from "../programs/proxy.ts"
import type { Mode } from "../programs/receiver.ts"
import type * as Receiver from "../Receiver.ts"
import type { Weather } from "../UdpProxy.ts"

/** How the points of a soak travel. */
export type Transport = "udp" | "http"

/** The environment of a soak: a program, a server on another host and, over UDP, a proxy in front of the server. */
export interface World {
  readonly transport: Transport
  readonly near: End
  readonly far: End
  readonly proxy: Program<ProxyFunctions> | undefined
  /** The server that runs, replaced when it is killed. */
  readonly server: {
    current: Receiver.Receiver
    readonly start: Effect.Effect<Receiver.Receiver, ProgramError, Scope.Scope>
  }
  /** Of the link, in bits per second, in normal times. */
  readonly bitsPerSecond: number
  readonly queueBytes: number
}

type Step = (world: World) => Effect.Effect<void, ProgramError | ToolError, Scope.Scope>

/** One fault. `begin` and `end` are some seconds apart. */
export interface Fault {
  readonly name: string
  /** Where it can happen; default everywhere. */
  readonly over?: Transport | undefined
  readonly begin: Step
  readonly end: Step
}

/** The port of the proxy, or over HTTP of the server, where the program sends to. */
export const proxyPort = 8089

const nothing: Weather = {}

const weather = (world: World, weather: Weather) => world.proxy!.weather(weather)

const link = (world: World, state: "up" | "down") =>
  Effect.asVoid(world.near.namespace.ip(`link set ${world.near.device} ${state}`))

const startServer: Step = (world) =>
  Effect.map(world.server.start, (server) => {
    world.server.current = server
  })

const drop = (world: World, end: End, hook: "input" | "output") =>
  Effect.asVoid(
    end.namespace.filter({
      hook,
      protocol: world.transport === "http" ? "tcp" : "udp",
      port: proxyPort
    })
  )

/** A fault in which an HTTP server treats requests in a certain way. */
const answering = (name: string, mode: Mode): Fault => ({
  name,
  over: "http",
  begin: (world) => world.server.current.mode(mode),
  end: (world) => world.server.current.mode("take")
})

/** The faults of a transport, in no order. A filter ends with the scope of its fault. */
export const faultsOf = (transport: Transport): ReadonlyArray<Fault> =>
  faults.filter(({ over }) => over === undefined || over === transport)

const faults: ReadonlyArray<Fault> = [
  {
    name: "server stopped",
    begin: (world) => world.server.current.program.signal("SIGSTOP"),
    end: (world) => world.server.current.program.signal("SIGCONT")
  },
  {
    name: "server killed",
    begin: (world) => Effect.asVoid(world.server.current.program.kill),
    end: startServer
  },
  {
    name: "server restarted",
    begin: (world) => Effect.andThen(world.server.current.program.kill, startServer(world)),
    end: () => Effect.void
  },
  {
    name: "30 % lost",
    over: "udp",
    begin: (world) => weather(world, { loss: 0.3, duplication: 0.05, reordering: 0.1 }),
    end: (world) => weather(world, nothing)
  },
  {
    name: "late, in disorder",
    over: "udp",
    begin: (world) => weather(world, { delayMillis: 50, jitterMillis: 200, duplication: 0.1 }),
    end: (world) => weather(world, nothing)
  },
  {
    name: "port closed",
    begin: (world) => (world.proxy ?? world.server.current).close(),
    end: (world) => (world.proxy ?? world.server.current).open()
  },
  {
    name: "slow link",
    begin: (world) => world.near.namespace.slow(world.near.device, world.bitsPerSecond / 10, world.queueBytes),
    end: (world) => world.near.namespace.slow(world.near.device, world.bitsPerSecond, world.queueBytes)
  },
  {
    name: "firewall refuses",
    begin: (world) => drop(world, world.near, "output"),
    end: () => Effect.void
  },
  {
    name: "firewall swallows",
    begin: (world) => drop(world, world.far, "input"),
    end: () => Effect.void
  },
  {
    name: "link down",
    begin: (world) => link(world, "down"),
    end: (world) => link(world, "up")
  },
  answering("server refuses", "refuse"),
  answering("server breaks off", "break off"),
  answering("server is silent", "be silent")
]
