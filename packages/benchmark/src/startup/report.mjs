/**
 * Preloaded into a program. At the end of the program it reports the processor time and the peak resident memory to the
 * parent.
 */
import { readFileSync, writeSync } from "node:fs"

// In kilobytes. On Linux `maxRSS` also covers the time before `exec`, when the process still has the memory of its
// parent.
const peak = () =>
  process.platform === "linux"
    ? Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))[1])
    : process.resourceUsage().maxRSS

process.on("exit", () => {
  const { systemCPUTime, userCPUTime } = process.resourceUsage()
  writeSync(3, JSON.stringify({ processor: (userCPUTime + systemCPUTime) / 1000, megabytes: peak() / 1024 }))
})
