/**
 * Network namespaces: separate hosts for the programs under test, with links, packet filters and names that a test
 * controls.
 *
 * A namespace lives as long as its scope and takes its links, filters and queues with it. Its name holds the id of
 * the process that runs the suite, so what killed tests leave behind can be found and removed.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Host from "./Host.ts"
import * as Tool from "./Tool.ts"

/** What becomes of the packets of a port. */
export interface Filter {
  /** Seen by what this namespace sends (`output`), or by what it receives (`input`). */
  readonly hook: "input" | "output"
  /** Default `udp`. */
  readonly protocol?: "tcp" | "udp" | undefined
  readonly port: number
  /** `drop` on `output` is an `EPERM` for the sender; `reject` answers with an ICMP message. */
  readonly verdict: "drop" | "reject"
  /** How many of 100 packets it meets, at random; default all. */
  readonly percent?: number | undefined
}

/** A filter in place. */
export interface Filtering {
  /** Packets that it has met. */
  readonly packets: Effect.Effect<number, Tool.ToolError>
  readonly remove: Effect.Effect<void, Tool.ToolError>
}

/** What a queueing discipline has done since it was set. */
export interface QueueStats {
  readonly sentPackets: number
  readonly dropped: number
  readonly backlogBytes: number
}

const table = "efflux"
const prefix = "efflux-"

/** The process that runs the suite; a test process has its id in `FAULTS_RUN`. */
const run = Number(process.env.FAULTS_RUN ?? process.pid)

/** Names and addresses of a namespace's own `/etc`. */
const etc = (name: string): string => Path.join("/etc/netns", name)

const removeEtc = (name: string): void => {
  Fs.rmSync(etc(name), { recursive: true, force: true })
  try {
    Fs.rmdirSync(etc(""))
  } catch {
    // Not there, or others use it.
  }
}

let count = 0

/** One network namespace. Its interfaces are what {@link link} gave it. */
export class Namespace {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  /** Runs `ip` inside. */
  ip(...args: ReadonlyArray<string>): Effect.Effect<string, Tool.ToolError> {
    return Tool.run("ip", ["-n", this.name, ...args])
  }

  /** Runs `tc` inside. */
  tc(...args: ReadonlyArray<string>): Effect.Effect<string, Tool.ToolError> {
    return Tool.run("tc", ["-n", this.name, ...args])
  }

  /** Puts a packet filter in place until it is removed or the scope ends. */
  filter(filter: Filter): Effect.Effect<Filtering, Tool.ToolError, Scope.Scope> {
    return Effect.gen({ self: this }, function*() {
      const chain = `f${++count}`
      const share = filter.percent === undefined || filter.percent >= 100
        ? ""
        : `numgen random mod 100 < ${filter.percent} `
      yield* this.#nft(
        `table inet ${table} {
  chain ${chain} {
    type filter hook ${filter.hook} priority 0
    ${filter.protocol ?? "udp"} dport ${filter.port} ${share}counter ${filter.verdict}
  }
}
`
      )
      const remove = this.#nft(`delete chain inet ${table} ${chain}\n`)
      let there = true
      const removeOnce = Effect.suspend(() => {
        if (!there) return Effect.void
        there = false
        return remove
      })
      yield* Effect.addFinalizer(() => Effect.ignore(removeOnce))
      return {
        packets: Effect.map(
          Tool.run("ip", [
            "netns",
            "exec",
            this.name,
            Host.pathOf("nft")!,
            "list",
            "chain",
            "inet",
            table,
            chain
          ]),
          (text) => Number(/counter packets (\d+)/.exec(text)?.[1])
        ),
        remove: removeOnce
      }
    })
  }

  /**
   * Lets an interface send only so many bits per second; what waits is kept up to `limitBytes`. Called again it changes
   * the speed, and what waits stays.
   */
  slow(device: string, bitsPerSecond: number, limitBytes: number): Effect.Effect<void, Tool.ToolError> {
    return Effect.asVoid(
      this.tc(
        "qdisc",
        "replace",
        "dev",
        device,
        "root",
        "tbf",
        "rate",
        `${bitsPerSecond}bit`,
        "burst",
        String(Math.max(5000, Math.round(bitsPerSecond / 800))),
        "limit",
        String(limitBytes)
      )
    )
  }

  /** As fast as a cable is. What waits goes out. */
  fast(device: string, limitBytes: number): Effect.Effect<void, Tool.ToolError> {
    return this.slow(device, 1_000_000_000, limitBytes)
  }

  /** What the discipline of an interface has done. */
  queueStats(device: string): Effect.Effect<QueueStats, Tool.ToolError> {
    return Effect.map(this.tc("-s", "-j", "qdisc", "show", "dev", device), (text) => {
      const [qdisc] = JSON.parse(text) as ReadonlyArray<{ packets: number; drops: number; backlog: number }>
      return { sentPackets: qdisc?.packets ?? 0, dropped: qdisc?.drops ?? 0, backlogBytes: qdisc?.backlog ?? 0 }
    })
  }

  /**
   * The namespace's own `/etc/hosts` or `/etc/resolv.conf`, for programs that start afterwards. Called again it changes
   * the file under the programs that run.
   */
  etc(file: "hosts" | "resolv.conf", text: string): Effect.Effect<void> {
    return Effect.sync(() => {
      Fs.mkdirSync(etc(this.name), { recursive: true })
      // Written in place: the programs see this very file.
      Fs.writeFileSync(Path.join(etc(this.name), file), text)
    })
  }

  #nft(script: string): Effect.Effect<void, Tool.ToolError> {
    return Effect.asVoid(
      Tool.run("ip", ["netns", "exec", this.name, Host.pathOf("nft") ?? "nft", "-f", "-"], script)
    )
  }
}

const open = new Set<string>()

// For a process that exits while scopes are open. One listener serves all.
const removeAll = () => {
  for (const name of open) removeSync(name)
}

const removeSync = (name: string) => {
  try {
    execFileSync(Host.pathOf("ip")!, ["netns", "del", name], { stdio: "ignore", timeout: 10_000 })
  } catch {
    // Gone already.
  }
  removeEtc(name)
}

/** Makes a namespace, with loopback up. */
export const make: Effect.Effect<Namespace, Tool.ToolError, Scope.Scope> = Effect.gen(function*() {
  const name = `${prefix}${run}-${process.pid}-${++count}`
  yield* Effect.acquireRelease(
    Effect.tap(Tool.run("ip", ["netns", "add", name]), () =>
      Effect.sync(() => {
        if (open.size === 0) process.on("exit", removeAll)
        open.add(name)
      })),
    () =>
      Effect.gen(function*() {
        yield* Effect.ignore(Tool.run("ip", ["netns", "del", name]))
        removeEtc(name)
        open.delete(name)
        if (open.size === 0) process.removeListener("exit", removeAll)
      })
  )
  const namespace = new Namespace(name)
  yield* namespace.ip("link", "set", "lo", "up")
  return namespace
})

/** One end of a link. */
export interface End {
  readonly namespace: Namespace
  readonly device: string
  readonly address: string
}

/** Two namespaces, joined by a cable: `near` has 10.77.0.1, `far` has 10.77.0.2. */
export const pair: Effect.Effect<
  { readonly near: End; readonly far: End },
  Tool.ToolError,
  Scope.Scope
> = Effect.gen(function*() {
  const near: End = { namespace: yield* make, device: "eth0", address: "10.77.0.1" }
  const far: End = { namespace: yield* make, device: "eth0", address: "10.77.0.2" }
  yield* Tool.run("ip", [
    "link",
    "add",
    near.device,
    "netns",
    near.namespace.name,
    "type",
    "veth",
    "peer",
    "name",
    far.device,
    "netns",
    far.namespace.name
  ])
  for (const end of [near, far]) {
    yield* end.namespace.ip("addr", "add", `${end.address}/24`, "dev", end.device)
    yield* end.namespace.ip("link", "set", end.device, "up")
    // One processor for all that arrives: what comes by turns over two of them may overtake itself, as on no real cable.
    yield* Effect.ignore(
      Tool.run(
        "ip",
        ["netns", "exec", end.namespace.name, "tee", `/sys/class/net/${end.device}/queues/rx-0/rps_cpus`],
        "1"
      )
    )
  }
  return { near, far }
})

/** Removes what is left of this run, and of runs that were killed. */
export const sweep: Effect.Effect<void, Tool.ToolError> = Effect.gen(function*() {
  const list = yield* Tool.run("ip", ["netns", "list"])
  for (const [name, pid] of list.matchAll(new RegExp(`^${prefix}(\\d+)-\\S+`, "gm"))) {
    if (Number(pid) === run || !Fs.existsSync(`/proc/${pid}`)) removeSync(name)
  }
})
