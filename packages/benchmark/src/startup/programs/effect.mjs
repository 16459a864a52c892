/** What Effect itself needs: the same datagram in an Effect program. */
import { Effect } from "effect"
import { createSocket } from "node:dgram"

const program = Effect.callback((resume) => {
  const socket = createSocket("udp4")
  socket.send("m,host=a f=0.5", Number(process.argv[2]), "127.0.0.1", () => socket.close(() => resume(Effect.void)))
})

Effect.runFork(program)
