import * as Fs from "node:fs"
import { fileURLToPath } from "node:url"

/** The command as its sources have it. */
export const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

/** The most memory that a process has had, in megabytes. */
export const peakOf = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(Fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1000
