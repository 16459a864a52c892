/**
 * Clean-up for a process that exits while scopes are still open.
 *
 * One listener serves all, because Node warns when there are more than ten.
 */

const pending = new Set<() => void>()

const runAll = () => {
  for (const cleanUp of pending) {
    try {
      cleanUp()
    } catch {
      // The others still have to run, and no one is left to report to.
    }
  }
}

/** Runs `cleanUp`, which must be synchronous, when the process exits. In the order of registration. */
export const add = (cleanUp: () => void): void => {
  if (pending.size === 0) process.on("exit", runAll)
  pending.add(cleanUp)
}

/** Cancels it. */
export const remove = (cleanUp: () => void): void => {
  if (pending.delete(cleanUp) && pending.size === 0) process.removeListener("exit", runAll)
}
