/**
 * The temporary folder of one server.
 *
 * The name tells which process owns the folder, so that a later run can remove
 * what a killed one left behind.
 */
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

const prefix = "efflux-server-"

/** Process ids are only meaningful within one namespace. */
const namespace = (): string => {
  try {
    return /\d+/.exec(Fs.readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0"
  } catch {
    return "0"
  }
}

/** Makes a new folder. */
export const create = (): string => {
  removeOrphans()
  return Fs.mkdtempSync(Path.join(Os.tmpdir(), `${prefix}${namespace()}-${process.pid}-`))
}

/** Removes the folder; a dying server may still be writing, so it tries a few times. */
export const remove = (directory: string): void => {
  Fs.rmSync(directory, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 })
}

const isDead = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "ESRCH"
  }
}

const removeOrphans = () => {
  const here = namespace()
  for (const name of Fs.readdirSync(Os.tmpdir())) {
    if (!name.startsWith(prefix)) continue
    const [owner, pid] = name.slice(prefix.length).split("-")
    if (owner !== here || pid === undefined || !/^\d+$/.test(pid) || !isDead(Number(pid))) continue
    try {
      remove(Path.join(Os.tmpdir(), name))
    } catch {
      // It belongs to another user, or another process is removing it.
    }
  }
}
