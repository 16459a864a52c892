/** Runs a program in a process of its own, as a user of the package would. */
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The folder of `efflux`. */
export const packageFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** How a program ended. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs TypeScript with Node, for at most two minutes. Once `ready` appears in its output, `signal` is sent.
 *
 * The file lies inside the package, where its name and its dependencies resolve, and not below `node_modules`, where
 * Node does not strip types.
 */
export const runProgram = (
  code: string,
  options?: { readonly ready: string; readonly signal: NodeJS.Signals }
): Effect.Effect<Ended> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      mkdirSync(join(packageFolder, "dist"), { recursive: true })
      const folder = mkdtempSync(join(packageFolder, "dist", "program-"))
      writeFileSync(join(folder, "program.ts"), code)
      return folder
    }),
    (folder) =>
      Effect.callback<Ended>((resume) => {
        const child = execFile(
          process.execPath,
          [join(folder, "program.ts")],
          { timeout: 120_000, killSignal: "SIGKILL" },
          (error, stdout, stderr) =>
            resume(Effect.succeed({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }))
        )
        if (options !== undefined) {
          child.stdout!.on("data", (text) => {
            if (String(text).includes(options.ready)) child.kill(options.signal)
          })
        }
        return Effect.sync(() => child.kill("SIGKILL"))
      }),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 }))
  )
