/** Measures groups, one after the other. */
import * as Program from "@efflux/testkit/Program"
import { Effect } from "effect"
import type { Functions } from "./group.ts"
import type { GroupName, Task } from "./groups.ts"
import type { Part, Section } from "./Report.ts"

/** Each group has a process of its own, because what V8 learned from another group would change its figures. */
const measure = (name: GroupName, task: Task) =>
  Effect.runPromise(Program.ask(
    { module: new URL("group.ts", import.meta.url), node: ["--expose-gc"], timeout: 3_600_000 },
    (group: Program.Program<Functions>) => group.measure(name, task)
  ))

export const run = async (
  names: ReadonlyArray<GroupName>,
  task: Task,
  onSection: (section: Section) => void
): Promise<Part> => {
  const parts: Array<Part> = []
  for (const name of names) {
    const part = await measure(name, task)
    parts.push(part)
    part.sections.forEach(onSection)
  }
  return {
    sections: parts.flatMap(({ sections }) => sections),
    figures: new Map(parts.flatMap(({ figures }) => [...figures]))
  }
}
