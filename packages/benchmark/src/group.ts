/** A process that measures one group. */
import * as Program from "@efflux/testkit/Program"
import { type GroupName, groups, type Task } from "./groups.ts"

const functions = {
  measure: (name: GroupName, task: Task) => groups[name](task)
}

export type Functions = typeof functions

Program.serve(functions)
