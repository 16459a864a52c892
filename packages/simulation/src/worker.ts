/**
 * A thread that checks seeds. With a mutant, it puts the mutant's text into the
 * sources while they are loaded, before anything has imported them.
 */
import { parentPort, workerData } from "node:worker_threads"
import type { CheckName } from "./Check.ts"
import type { Mutant } from "./Mutant.ts"
import { mutate } from "./mutate.ts"

const port = parentPort!
const { check: name, mutant } = workerData as { readonly check: CheckName; readonly mutant: Mutant | undefined }

const assertLoaded = mutant === undefined ? undefined : mutate(mutant)
const { checks } = await import("./Check.ts")
const check = await checks[name]()
assertLoaded?.()

port.on("message", ({ from, to }: { readonly from: number; readonly to: number }) => {
  check(from, to).then((answer) => port.postMessage(answer))
})
