/** Measures everything, group by group. */
import { codecRungs } from "./codec.ts"
import { pushRungs, wayRungs } from "./database.ts"
import { type Effort, measure } from "./Measure.ts"
import type { Group } from "./Report.ts"
import { seriesRungs } from "./series.ts"
import { shapes } from "./Shape.ts"

export const run = async (
  effort: Effort,
  onGroup: (group: Group) => void
): Promise<ReadonlyArray<Group>> => {
  const groups: Array<Group> = []
  const add = (group: Group) => {
    groups.push(group)
    onGroup(group)
  }
  // Equal output is asserted for all shapes before the first is timed.
  const codec = shapes.map((shape) => ({ shape, rungs: codecRungs(shape) }))
  // All in turn, so that the engine has seen points of all shapes before it decides how to compile what is timed.
  for (let round = 0; effort.time > 0 && round < 150; round++) {
    for (const { rungs } of codec) for (const { run } of rungs) run()
  }
  for (const { rungs, shape } of codec) {
    add({ title: `Encoding: ${shape.name} (${shape.what})`, measured: await measure(rungs, effort) })
  }
  add({ title: "Encoding: a typed series (request point)", measured: await measure(seriesRungs(), effort) })
  const push = await pushRungs()
  add({ title: "What a push costs its caller (request point)", measured: await measure(push.rungs, effort) })
  await push.close()
  const way = await wayRungs()
  add({ title: "The whole way of a point (request point)", measured: await measure(way.rungs, effort) })
  await way.close()
  return groups
}
