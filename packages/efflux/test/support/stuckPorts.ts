/** Servers with which a connection, or what comes after it, gets stuck. */
import { sleep } from "@efflux/testkit"
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as Net from "node:net"

/** A port that takes connections, and says nothing. */
export const silentPort = Effect.acquireRelease(
  Effect.promise(async () => {
    const sockets = new Set<Net.Socket>()
    const server = Net.createServer((socket) => {
      sockets.add(socket.on("error", () => {}))
    }).listen(0, "127.0.0.1")
    await once(server, "listening")
    return { server, sockets, port: (server.address() as Net.AddressInfo).port }
  }),
  ({ server, sockets }) =>
    Effect.sync(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
).pipe(Effect.map(({ port }) => port))

/** A port whose host swallows SYNs: its queue of connections is full, and nobody takes any. */
export const swallowingPort = Effect.gen(function*() {
  const child: ChildProcess = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [
        "-e",
        "const s = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))"
      ], { stdio: ["ignore", "pipe", "inherit"] })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const [line] = yield* Effect.promise(() => once(child.stdout!, "data"))
  const port = Number(String(line))
  child.kill("SIGSTOP")
  // The kernel takes as many as its queue holds, and drops the SYNs of the rest.
  const fillers = Array.from({ length: 8 }, () => Net.connect(port, "127.0.0.1").on("error", () => {}))
  yield* Effect.addFinalizer(() => Effect.sync(() => fillers.forEach((socket) => socket.destroy())))
  while (fillers.filter((socket) => !socket.connecting).length < 2) yield* sleep(10)
  return port
})
