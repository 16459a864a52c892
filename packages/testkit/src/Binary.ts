/**
 * Finds a server program, and fetches it if there is none.
 *
 * It looks in turn at an environment variable (only there, if it is set), the search path, `/usr/bin`, a cache
 * folder, and finally the Debian package, which is unpacked into the cache folder without being installed. No step
 * needs root, and none changes the system.
 *
 * The cache is filled by a rename, so processes that do this at the same time do not disturb each other, and nobody
 * sees a half-filled cache.
 */
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

/** What to look for. */
export interface Program {
  /** Name of the file, on the search path and below `usr/bin` of the package. */
  readonly file: string
  /** Its name in messages, with an article and the versions that are accepted. */
  readonly title: string
  /** The Debian package that holds it. */
  readonly debianPackage: string
  /** The environment variable that names its path. */
  readonly variable: string
  /** The argument that makes the program print its version and exit. */
  readonly probe: string
  /** Reads the version from the output; `undefined` if it is another program. */
  readonly version: (output: string) => string | undefined
}

export const influxd: Program = {
  file: "influxd",
  title: "an influxd 1.x",
  debianPackage: "influxdb",
  variable: "EFFLUX_INFLUXD",
  probe: "version",
  version: (output) => /InfluxDB v?(1\.\S+)/.exec(output)?.[1]
}

// Debian builds both without a version, so `-version` prints nothing.
const ofVictoria = (file: string, title: string, variable: string, says: string): Program => ({
  file,
  title,
  debianPackage: "victoria-metrics",
  variable,
  probe: "-help",
  version: (output) => output.includes(says) ? "unknown" : undefined
})

export const victoriaMetrics = ofVictoria(
  "victoria-metrics",
  "a VictoriaMetrics",
  "EFFLUX_VICTORIA_METRICS",
  "victoria-metrics is a time series database"
)

export const vmagent = ofVictoria("vmagent", "a vmagent", "EFFLUX_VMAGENT", "vmagent collects metrics data")

/** A program that ran and printed its version. */
export interface Available {
  readonly _tag: "Available"
  readonly path: string
  readonly version: string
  readonly source: "environment" | "path" | "cache" | "debian"
}

/** No program: why, and what to do about it, each on one line. */
export interface Unavailable {
  readonly _tag: "Unavailable"
  readonly reason: string
  readonly hint: string
}

/** The outcome of a search. Plain data, so that it can be passed to test workers. */
export type Located = Available | Unavailable

/** Options of a search. */
export interface FindOptions {
  /** Folders to search, separated as in `PATH`. Default: `PATH`, then `/usr/bin`. */
  readonly searchPath?: string | undefined
  /** Default: `efflux` in `$XDG_CACHE_HOME` or `~/.cache`. */
  readonly cacheDirectory?: string | undefined
  /** Whether the Debian package may be fetched. Default `true`. */
  readonly fetch?: boolean | undefined
  /** Overrides the environment variable; the empty string stands for "not set". */
  readonly explicitPath?: string | undefined
}

/** Searches, and downloads if necessary. A download takes seconds, or minutes if the network is slow. */
export const find = (program: Program, options: FindOptions = {}): Effect.Effect<Located> =>
  Effect.promise(() =>
    search(program, options).catch((cause: Error): Unavailable => ({
      _tag: "Unavailable",
      reason: cause.message,
      hint: `install Debian's package (apt-get install ${program.debianPackage}) or set ${program.variable} to ` +
        program.title
    }))
  )

const search = async (program: Program, options: FindOptions): Promise<Available> => {
  const { file, title, variable } = program
  const available = async (path: string, source: Available["source"]): Promise<Available | undefined> => {
    const version = await probe(program, path)
    return version === undefined ? undefined : { _tag: "Available", path, version, source }
  }
  const explicit = options.explicitPath ?? process.env[variable] ?? ""
  if (explicit !== "") {
    const found = await available(explicit, "environment")
    if (found === undefined) throw new Error(`${variable} names ${explicit}, which is not ${title} that runs here`)
    return found
  }
  const searchPath = options.searchPath ?? `${process.env.PATH ?? ""}${Path.delimiter}/usr/bin`
  for (const path of candidates(file, searchPath)) {
    const found = await available(path, "path")
    if (found !== undefined) return found
  }
  const cache = options.cacheDirectory ?? defaultCacheDirectory()
  const home = Path.join(cache, `${file}-${process.arch}`)
  const path = Path.join(home, "usr/bin", file)
  const cached = await available(path, "cache")
  if (cached !== undefined) return cached
  const none = `no ${title.replace(/^an? /, "")}`
  if (options.fetch === false) throw new Error(`${none} on the search path or in the cache`)

  const tools = ["apt-get", "dpkg"].map((tool) => candidates(tool, searchPath).find((path) => isFile(path)))
  if (tools.includes(undefined)) {
    throw new Error(`${none} found, and no apt-get and dpkg to fetch Debian's package with`)
  }
  const folder = makeFolder(cache, `${none} found, and the cache folder ${cache} can't be written to`)
  try {
    const root = await fetchInto(program, folder, tools as [string, string], none)
    const version = await probe(program, Path.join(root, "usr/bin", file))
    if (version === undefined) throw new Error(`Debian's package holds ${none} that runs here`)
    const fetched: Available = { _tag: "Available", path, version, source: "debian" }
    if (rename(root, home) === undefined) return fetched
    const theirs = await available(path, "cache")
    if (theirs !== undefined) return theirs
    // The present one does not run: move it out of the way.
    rename(home, Path.join(folder, "broken"))
    const failure = rename(root, home)
    if (failure !== undefined) throw new Error(`the cache can't be filled: ${failure}`)
    return fetched
  } finally {
    Fs.rmSync(folder, { recursive: true, force: true })
  }
}

const defaultCacheDirectory = () => {
  const configured = process.env.XDG_CACHE_HOME
  // The specification of the variable says to ignore relative paths.
  const base = configured !== undefined && Path.isAbsolute(configured) ? configured : Path.join(Os.homedir(), ".cache")
  return Path.join(base, "efflux")
}

const isFile = (path: string): boolean => Fs.statSync(path, { throwIfNoEntry: false })?.isFile() === true

const candidates = (name: string, searchPath: string): ReadonlyArray<string> =>
  Array.from(new Set(searchPath.split(Path.delimiter).filter((folder) => Path.isAbsolute(folder))))
    .map((folder) => Path.join(folder, name))

const run = (command: string, args: ReadonlyArray<string>, options: { cwd?: string; timeout: number }) =>
  new Promise<{ readonly ok: boolean; readonly output: string }>((resolve) =>
    execFile(
      command,
      args,
      {
        ...options,
        killSignal: "SIGKILL",
        maxBuffer: 16 * 1024 * 1024,
        env: { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" }
      },
      (error, stdout, stderr) =>
        resolve({ ok: error === null, output: `${stdout}\n${stderr}\n${error?.message ?? ""}` })
    )
  )

const probe = async (program: Program, path: string): Promise<string | undefined> => {
  if (!isFile(path)) return undefined
  const { ok, output } = await run(path, [program.probe], { timeout: 60_000 })
  return ok ? program.version(output) : undefined
}

/** The problem that apt reports: the first thing it could not fetch, or else its last error. */
const complaint = (output: string): string => {
  const lines = output.trim().split("\n")
  const line = lines.find((line) => /^[EW]: Failed to fetch /.test(line)) ??
    lines.findLast((line) => line.startsWith("E: ")) ?? lines.at(-1)!
  return line.replace(/^[EW]: /, "").trim()
}

/** `undefined`, or the reason. Fails if the target is a folder that is not empty. */
const rename = (from: string, to: string): string | undefined => {
  try {
    Fs.renameSync(from, to)
    return undefined
  } catch (cause) {
    return (cause as Error).message
  }
}

const temporaryPrefix = ".fetch-"

/** A new folder in the cache. Removes those of killed downloads: none takes an hour. */
const makeFolder = (cache: string, otherwise: string): string => {
  try {
    Fs.mkdirSync(cache, { recursive: true })
    for (const name of Fs.readdirSync(cache).filter((name) => name.startsWith(temporaryPrefix))) {
      const path = Path.join(cache, name)
      const age = Date.now() - (Fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
      if (age > 3_600_000) Fs.rmSync(path, { recursive: true, force: true })
    }
    return Fs.mkdtempSync(Path.join(cache, temporaryPrefix))
  } catch {
    throw new Error(otherwise)
  }
}

/** Downloads and unpacks the package into a folder, and returns its path. */
const fetchInto = async (program: Program, folder: string, [aptGet, dpkg]: [string, string], none: string) => {
  const downloads = Path.join(folder, "download")
  const state = Path.join(folder, "apt")
  for (const path of [downloads, `${state}/lists/partial`, `${state}/cache/archives/partial`]) {
    Fs.mkdirSync(path, { recursive: true })
  }
  const set = (...options: ReadonlyArray<string>) => options.flatMap((option) => ["-o", option])
  // Without the sandbox user apt needs no access to this folder for anybody else.
  const common = ["-q", ...set("APT::Sandbox::User=", "Acquire::Retries=2", "Acquire::http::Timeout=30")]
  const download = (extra: ReadonlyArray<string>) =>
    run(aptGet, [...common, ...extra, "download", program.debianPackage], { cwd: downloads, timeout: 120_000 })
  if (!(await download([])).ok) {
    // Missing or stale lists. Lists of our own need no root, and leave the system's alone.
    const own = set(
      `Dir::State=${state}`,
      `Dir::State::lists=${state}/lists`,
      `Dir::Cache=${state}/cache`,
      "Dir::State::status=/var/lib/dpkg/status",
      "Acquire::Languages=none",
      // Otherwise lists that could not be fetched count as a success.
      "APT::Update::Error-Mode=any"
    )
    const updated = await run(aptGet, [...common, ...own, "update"], { timeout: 180_000 })
    const downloaded = await download(own)
    if (!downloaded.ok) {
      const why = complaint(updated.ok ? downloaded.output : updated.output)
      throw new Error(`${none} found, and Debian's package could not be fetched: ${why}`)
    }
  }
  const archive = Fs.readdirSync(downloads).find((name) => name.endsWith(".deb"))
  if (archive === undefined) throw new Error("apt-get download left no package behind")
  const root = Path.join(folder, "root")
  const unpacked = await run(dpkg, ["-x", Path.join(downloads, archive), root], { timeout: 60_000 })
  if (!unpacked.ok) throw new Error(`Debian's package could not be unpacked: ${complaint(unpacked.output)}`)
  return root
}
