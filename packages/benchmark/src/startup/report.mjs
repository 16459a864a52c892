/** Loaded before a program: says at its end, to a pipe of its parent, the processor time and the most that was resident. */
import { readFileSync, writeSync } from "node:fs"

// In kilobytes. On Linux `maxRSS` is not the process's own: until it runs a program of its own, it has the memory of its
// parent.
const peak = () =>
  process.platform === "linux"
    ? Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))[1])
    : process.resourceUsage().maxRSS

process.on("exit", () => {
  const { systemCPUTime, userCPUTime } = process.resourceUsage()
  writeSync(3, JSON.stringify({ processor: (userCPUTime + systemCPUTime) / 1000, megabytes: peak() / 1024 }))
})
