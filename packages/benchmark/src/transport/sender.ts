/** A process that sends: `sender.ts rivals|http CONTENDER PORT`. It is told how many points, and says what they took. */
import { httpContenders, rivalContenders } from "./contenders.ts"
import type { FromSender, ToSender } from "./protocol.ts"

const [, , set, id, port] = process.argv
const contender = (set === "http" ? httpContenders : rivalContenders).find((contender) => contender.id === id)
if (contender === undefined) throw new Error(`no contender ${id}`)
const tell = (message: FromSender) => void process.send!(message)

const send = await contender.make(Number(port))
process.on("message", async ({ send: points }: ToSender) => {
  const before = process.cpuUsage()
  const start = process.hrtime.bigint()
  await send(points)
  const nanos = Number(process.hrtime.bigint() - start)
  const { system, user } = process.cpuUsage(before)
  tell({ sent: { nanos, cpu: (system + user) * 1000 } })
})
process.on("disconnect", () => process.exit())
tell({ ready: true })
