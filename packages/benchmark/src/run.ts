/** Measures group after group. */
import { type GroupName, groups, type Task } from "./groups.ts"
import type { Part, Section } from "./Report.ts"

export const run = async (
  names: ReadonlyArray<GroupName>,
  task: Task,
  onSection: (section: Section) => void
): Promise<Part> => {
  const parts: Array<Part> = []
  for (const name of names) {
    const part = await groups[name](task)
    parts.push(part)
    part.sections.forEach(onSection)
  }
  return {
    sections: parts.flatMap(({ sections }) => sections),
    figures: new Map(parts.flatMap(({ figures }) => [...figures]))
  }
}
