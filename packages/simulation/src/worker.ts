/**
 * A thread that checks seeds, against the sources as they are or with a mutant. Modules that no mutant changes are
 * loaded once.
 */
import type { Answer, Check, CheckName } from "./Check.ts"
import type { Mutant } from "./Mutant.ts"
import { mutate } from "./mutate.ts"

export interface Job {
  readonly check: CheckName
  readonly mutant: Mutant | undefined
  /** Seeds from `from` up to, not including, `to`. */
  readonly from: number
  readonly to: number
}

const loaded = new Map<string, Promise<Check>>()

const load = async (name: CheckName, mutant: Mutant | undefined): Promise<Check> => {
  const end = mutant === undefined ? undefined : mutate(mutant)
  const { load } = await import("./Check.ts")
  const check = await load(name)
  end?.()
  return check
}

export const run = async ({ check: name, from, mutant, to }: Job): Promise<Answer> => {
  const key = `${name} ${mutant?.name}`
  if (!loaded.has(key)) loaded.set(key, load(name, mutant))
  const check = await loaded.get(key)!
  return check(from, to)
}
