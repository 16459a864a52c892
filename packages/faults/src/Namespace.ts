/**
 * Network namespaces: separate hosts for the programs under test, with links, packet filters and names that a test
 * controls.
 *
 * A namespace lives as long as its scope and takes its links, filters and queues with it. Its name holds the id of
 * the process that runs the suite, so what killed tests leave behind can be found and removed.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Host from "./Host.ts"

/** Which packets are dropped. On `output` that is an `EPERM` for the sender. */
export interface Filter {
  /** Seen by what this namespace sends (`output`), or by what it receives (`input`). */
  readonly hook: "input" | "output"
  /** Default `udp`. */
  readonly protocol?: "tcp" | "udp" | undefined
  readonly port: number
  /** Percentage of packets that match, at random; default all. */
  readonly percent?: number | undefined
}

/** An installed filter. */
export interface Filtering {
  /** Packets that have matched. */
  readonly packets: Effect.Effect<number, Host.ToolError>
  /** Has no effect the second time. */
  readonly remove: Effect.Effect<void, Host.ToolError>
}

const prefix = "efflux-"

/** The process that runs the suite; a test process has its id in `FAULTS_RUN`. */
const run = Number(process.env.FAULTS_RUN ?? process.pid)

let count = 0

/** One network namespace. Its interfaces are what {@link pair} gave it. */
export class Namespace {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  /** Runs `ip` inside. */
  ip(command: string): Effect.Effect<string, Host.ToolError> {
    return Host.run(`ip -n ${this.name} ${command}`)
  }

  /** Runs a command inside. */
  exec(command: string, input?: string): Effect.Effect<string, Host.ToolError> {
    return Host.run(`ip netns exec ${this.name} ${command}`, input)
  }

  /** Installs a packet filter until it is removed or the scope ends. */
  filter(filter: Filter): Effect.Effect<Filtering, Host.ToolError, Scope.Scope> {
    return Effect.gen({ self: this }, function*() {
      const { hook, percent = 100, port, protocol = "udp" } = filter
      const chain = `inet efflux f${++count}`
      const share = percent < 100 ? `numgen random mod 100 < ${percent} ` : ""
      yield* this.exec(
        `nft add table inet efflux ; add chain ${chain} { type filter hook ${hook} priority 0 ; } ; ` +
          `add rule ${chain} ${protocol} dport ${port} ${share}counter drop`
      )
      let there = true
      const remove = Effect.suspend(() => {
        if (!there) return Effect.void
        there = false
        return Effect.asVoid(this.exec(`nft flush chain ${chain} ; delete chain ${chain}`))
      })
      yield* Effect.addFinalizer(() => Effect.ignore(remove))
      return {
        packets: Effect.map(
          this.exec(`nft list chain ${chain}`),
          (text) => Number(/counter packets (\d+)/.exec(text)?.[1])
        ),
        remove
      }
    })
  }

  /**
   * Limits the bit rate of an interface, with a queue of at most `limitBytes`. A second call changes the rate and keeps
   * the queue.
   */
  slow(device: string, bitsPerSecond: number, limitBytes: number): Effect.Effect<void, Host.ToolError> {
    const burst = Math.max(5000, Math.round(bitsPerSecond / 800))
    return Effect.asVoid(Host.run(
      `tc -n ${this.name} qdisc replace dev ${device} root tbf rate ${bitsPerSecond}bit burst ${burst} limit ${limitBytes}`
    ))
  }

  /** Sets the rate of a cable, so that the queue drains. */
  fast(device: string, limitBytes: number): Effect.Effect<void, Host.ToolError> {
    return this.slow(device, 1_000_000_000, limitBytes)
  }

  /** Packets that the queue of an interface has dropped since its speed was set. */
  dropped(device: string): Effect.Effect<number, Host.ToolError> {
    return Effect.map(
      Host.run(`tc -n ${this.name} -s -j qdisc show dev ${device}`),
      (text) => (JSON.parse(text) as ReadonlyArray<{ readonly drops: number }>)[0]?.drops ?? 0
    )
  }

  /**
   * The namespace's own `/etc/hosts` or `/etc/resolv.conf`, for programs that start afterwards. Called again it changes
   * the file under the programs that run.
   */
  etc(file: "hosts" | "resolv.conf", text: string): Effect.Effect<void> {
    return Effect.sync(() => {
      Fs.mkdirSync(etc(this.name), { recursive: true })
      // Written in place, because running programs have this very file mounted.
      Fs.writeFileSync(Path.join(etc(this.name), file), text)
    })
  }
}

/** Names and addresses of a namespace's own `/etc`. */
const etc = (name: string): string => Path.join("/etc/netns", name)

const remove = (name: string): Effect.Effect<void> =>
  Effect.andThen(
    Effect.ignore(Host.run(`ip netns del ${name}`)),
    Effect.sync(() => {
      Fs.rmSync(etc(name), { recursive: true, force: true })
      // It stays if others use it.
      if (Fs.existsSync(etc("")) && Fs.readdirSync(etc("")).length === 0) Fs.rmdirSync(etc(""))
    })
  )

/** Makes a namespace, with loopback up. */
export const make: Effect.Effect<Namespace, Host.ToolError, Scope.Scope> = Effect.gen(function*() {
  const name = `${prefix}${run}-${process.pid}-${++count}`
  yield* Effect.acquireRelease(Host.run(`ip netns add ${name}`), () => remove(name))
  const namespace = new Namespace(name)
  yield* namespace.ip("link set lo up")
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
  Host.ToolError,
  Scope.Scope
> = Effect.gen(function*() {
  const near: End = { namespace: yield* make, device: "eth0", address: "10.77.0.1" }
  const far: End = { namespace: yield* make, device: "eth0", address: "10.77.0.2" }
  const [one, other] = [near, far].map(({ device, namespace }) => `name ${device} netns ${namespace.name}`)
  yield* Host.run(`ip link add ${one} type veth peer ${other}`)
  for (const { address, device, namespace } of [near, far]) {
    yield* namespace.ip(`addr add ${address}/24 dev ${device}`)
    yield* namespace.ip(`link set ${device} up`)
    // One processor handles all incoming packets. With two, packets could overtake each other, which no real cable
    // does.
    yield* Effect.ignore(namespace.exec(`tee /sys/class/net/${device}/queues/rx-0/rps_cpus`, "1"))
  }
  return { near, far }
})

/** Removes what this run, and runs that were killed, have left behind. */
export const sweep: Effect.Effect<void, Host.ToolError> = Effect.gen(function*() {
  const list = yield* Host.run("ip netns list")
  for (const [name, pid] of list.matchAll(new RegExp(`^${prefix}(\\d+)-\\S+`, "gm"))) {
    if (Number(pid) === run || !Fs.existsSync(`/proc/${pid}`)) yield* remove(name)
  }
})
