/** A process that sends as many points as it is told, and reports the time. */
import * as Program from "@efflux/testkit/Program"
import { contenders, type SetName } from "./contenders.ts"

const { id, port, set } = Program.options<{ readonly set: SetName; readonly id: string; readonly port: number }>()
const send = await contenders[set].find((contender) => contender.id === id)!.make(port)

const functions = {
  /** Nanoseconds from the first push until everything is handed over, and of processor time of the whole process. */
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
