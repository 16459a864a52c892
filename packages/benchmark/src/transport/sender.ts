/** A process that sends. It is told how many points, and says what they took. */
import * as Program from "@efflux/testkit/Program"
import { contenders, type SetName } from "./contenders.ts"

const { id, port, set } = Program.options<{ readonly set: SetName; readonly id: string; readonly port: number }>()
const send = await contenders[set].find((contender) => contender.id === id)!.make(port)

const functions = {
  /** Nanoseconds from the first push until all was handed over, and of processor time of the whole process. */
  send: async (points: number) => {
    const before = process.cpuUsage()
    const start = process.hrtime.bigint()
    await send(points)
    const nanos = Number(process.hrtime.bigint() - start)
    const { system, user } = process.cpuUsage(before)
    return { nanos, cpu: (system + user) * 1000 }
  }
}

export type Functions = typeof functions

Program.serve(functions)
