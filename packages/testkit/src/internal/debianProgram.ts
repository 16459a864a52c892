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
import * as Fs from "node:fs/promises"
import * as Os from "node:os"
import * as Path from "node:path"

/** What to look for. */
export interface Program {
  /** Name of the file, on the search path and below `usr/bin` of the package. */
  readonly file: string
  /** What it is called in messages, with its line of versions. */
  readonly title: string
  /** The Debian package that holds it. */
  readonly debianPackage: string
  /** The environment variable that names its path. */
  readonly variable: string
  /** Arguments that make the program say what it is, and end. */
  readonly probe: ReadonlyArray<string>
  /** The version from what it said, `undefined` when it is something else. */
  readonly version: (output: string) => string | undefined
}

/** A program that ran and said what it is. */
export interface Available {
  readonly _tag: "Available"
  readonly path: string
  readonly version: string
  readonly source: "environment" | "path" | "cache" | "debian"
}

/** There is none: why, and what to do about it, each on one line. */
export interface Unavailable {
  readonly _tag: "Unavailable"
  readonly reason: string
  readonly hint: string
}

/** The outcome of a search. Plain data, so that it can be handed to test workers. */
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

/** Searches, and fetches if need be. A fetch takes seconds and can wait for the network up to some minutes. */
export const find: (program: Program, options?: FindOptions) => Effect.Effect<Located> = Effect.fnUntraced(
  function*(program: Program, options?: FindOptions) {
    const explicit = options?.explicitPath ?? process.env[program.variable] ?? ""
    if (explicit !== "") {
      const version = yield* probe(program, explicit)
      return version === undefined
        ? unavailable(
          program,
          `${program.variable} names ${explicit}, which is not ${indefinite(program)} that runs here`
        )
        : available(explicit, version, "environment")
    }
    const searchPath = options?.searchPath ?? `${process.env.PATH ?? ""}${Path.delimiter}/usr/bin`
    for (const path of candidates(program.file, searchPath)) {
      const version = yield* probe(program, path)
      if (version !== undefined) return available(path, version, "path")
    }
    const cacheDirectory = options?.cacheDirectory ?? defaultCacheDirectory()
    const home = Path.join(cacheDirectory, `${program.file}-${process.arch}`)
    const cached = Path.join(home, binaryInPackage(program))
    const version = yield* probe(program, cached)
    if (version !== undefined) return available(cached, version, "cache")
    if (options?.fetch === false) {
      return unavailable(program, `no ${program.title} on the search path or in the cache`)
    }
    return yield* fetchFromDebian(program, searchPath, cacheDirectory, home)
  }
)

const binaryInPackage = (program: Program): string => `usr/bin/${program.file}`

const indefinite = ({ title }: Program): string => `${/^[aeiou]/.test(title) ? "an" : "a"} ${title}`

const unavailable = (program: Program, reason: string): Located => ({
  _tag: "Unavailable",
  reason,
  hint: `install Debian's package (apt-get install ${program.debianPackage}) or set ${program.variable} to ${
    indefinite(program)
  }`
})

const available = (path: string, version: string, source: Available["source"]): Located => ({
  _tag: "Available",
  path,
  version,
  source
})

const defaultCacheDirectory = () => {
  const configured = process.env.XDG_CACHE_HOME
  // The specification of the variable says to ignore relative paths.
  const base = configured !== undefined && Path.isAbsolute(configured) ? configured : Path.join(Os.homedir(), ".cache")
  return Path.join(base, "efflux")
}

const candidates = (name: string, searchPath: string): ReadonlyArray<string> =>
  Array.from(new Set(searchPath.split(Path.delimiter).filter((folder) => Path.isAbsolute(folder))))
    .map((folder) => Path.join(folder, name))

interface Ran {
  readonly ok: boolean
  readonly output: string
}

const run = (command: string, args: ReadonlyArray<string>, options: { cwd?: string; timeout: number }) =>
  Effect.callback<Ran>((resume) => {
    const child = execFile(
      command,
      args,
      {
        ...options,
        killSignal: "SIGKILL",
        maxBuffer: 16 * 1024 * 1024,
        env: { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" }
      },
      (error, stdout, stderr) =>
        resume(Effect.succeed({ ok: error === null, output: `${stdout}\n${stderr}\n${error?.message ?? ""}` }))
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const probe = Effect.fnUntraced(function*(program: Program, path: string) {
  const isFile = yield* Effect.promise(() => Fs.stat(path).then((stats) => stats.isFile(), () => false))
  if (!isFile) return undefined
  const { output, ok } = yield* run(path, program.probe, { timeout: 60_000 })
  return ok ? program.version(output) : undefined
})

/** What apt names as the trouble: the first thing it could not fetch, else its last error. */
const complaint = (output: string): string => {
  const lines = output.split("\n")
  return (
    lines.find((line) => /^[EW]: Failed to fetch /.test(line)) ??
      lines.findLast((line) => line.startsWith("E: ")) ??
      output.trim().split("\n").at(-1) ??
      ""
  ).replace(/^[EW]: /, "").trim()
}

const message = (cause: unknown): string => cause instanceof Error ? cause.message : String(cause)

const fetchFromDebian = Effect.fnUntraced(function*(
  program: Program,
  searchPath: string,
  cacheDirectory: string,
  home: string
) {
  const aptGet = yield* firstFile(candidates("apt-get", searchPath))
  const dpkg = yield* firstFile(candidates("dpkg", searchPath))
  if (aptGet === undefined || dpkg === undefined) {
    return unavailable(program, `no ${program.title} found, and no apt-get and dpkg to fetch Debian's package with`)
  }
  const folder = yield* Effect.exit(Effect.tryPromise({
    try: async () => {
      await Fs.mkdir(cacheDirectory, { recursive: true })
      await removeLeftovers(cacheDirectory)
      return await Fs.mkdtemp(Path.join(cacheDirectory, temporaryPrefix))
    },
    catch: message
  }))
  if (folder._tag === "Failure") {
    return unavailable(program, `no ${program.title} found, and the cache folder ${cacheDirectory} can't be written to`)
  }
  return yield* Effect.ensuring(
    fetchInto(program, folder.value, aptGet, dpkg, home),
    Effect.promise(() => Fs.rm(folder.value, { recursive: true, force: true }).catch(() => {}))
  )
})

const fetchInto = Effect.fnUntraced(function*(
  program: Program,
  folder: string,
  aptGet: string,
  dpkg: string,
  home: string
) {
  const downloads = Path.join(folder, "download")
  yield* Effect.promise(() => Fs.mkdir(downloads, { recursive: true }))
  // Without the sandbox user apt needs no access to this folder for anybody else.
  const common = ["-q", "-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30"]
  const download = (extra: ReadonlyArray<string>) =>
    run(aptGet, [...common, ...extra, "download", program.debianPackage], { cwd: downloads, timeout: 120_000 })

  let downloaded = yield* download([])
  if (!downloaded.ok) {
    // Missing or stale lists. Lists of our own need no root, and leave the system's alone.
    const state = Path.join(folder, "apt")
    yield* Effect.promise(async () => {
      await Fs.mkdir(Path.join(state, "lists/partial"), { recursive: true })
      await Fs.mkdir(Path.join(state, "cache/archives/partial"), { recursive: true })
    })
    const own = [
      "-o",
      `Dir::State=${state}`,
      "-o",
      `Dir::State::lists=${Path.join(state, "lists")}`,
      "-o",
      `Dir::Cache=${Path.join(state, "cache")}`,
      "-o",
      "Dir::State::status=/var/lib/dpkg/status",
      "-o",
      "Acquire::Languages=none",
      // Otherwise lists that could not be fetched count as a success.
      "-o",
      "APT::Update::Error-Mode=any"
    ]
    const updated = yield* run(aptGet, [...common, ...own, "update"], { timeout: 180_000 })
    downloaded = yield* download(own)
    if (!downloaded.ok) {
      return unavailable(
        program,
        `no ${program.title} found, and Debian's package could not be fetched: ${
          complaint(updated.ok ? downloaded.output : updated.output)
        }`
      )
    }
  }

  const archive = yield* Effect.promise(() => Fs.readdir(downloads)).pipe(
    Effect.map((names) => names.find((name) => name.endsWith(".deb")))
  )
  if (archive === undefined) return unavailable(program, "apt-get download left no package behind")
  const root = Path.join(folder, "root")
  const unpacked = yield* run(dpkg, ["-x", Path.join(downloads, archive), root], { timeout: 60_000 })
  if (!unpacked.ok) return unavailable(program, `Debian's package could not be unpacked: ${complaint(unpacked.output)}`)
  const version = yield* probe(program, Path.join(root, binaryInPackage(program)))
  if (version === undefined) return unavailable(program, `Debian's package holds no ${program.title} that runs here`)

  const binary = Path.join(home, binaryInPackage(program))
  const renamed = yield* rename(root, home)
  if (renamed === undefined) return available(binary, version, "debian")
  const theirs = yield* probe(program, binary)
  if (theirs !== undefined) return available(binary, theirs, "cache")
  // What is there does not run: move it out of the way.
  yield* rename(home, Path.join(folder, "broken"))
  const second = yield* rename(root, home)
  return second === undefined
    ? available(binary, version, "debian")
    : unavailable(program, `the cache can't be filled: ${second}`)
})

/** `undefined`, or why not. Fails when the target is a folder that holds something. */
const rename = (from: string, to: string): Effect.Effect<string | undefined> =>
  Effect.promise(() => Fs.rename(from, to).then(() => undefined, message))

const firstFile = (paths: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    for (const path of paths) {
      if (await Fs.stat(path).then((stats) => stats.isFile(), () => false)) return path
    }
    return undefined
  })

const temporaryPrefix = ".fetch-"

/** Folders of fetches that were killed; an hour is longer than any fetch may take. */
const removeLeftovers = async (cacheDirectory: string) => {
  for (const name of await Fs.readdir(cacheDirectory)) {
    if (!name.startsWith(temporaryPrefix)) continue
    const path = Path.join(cacheDirectory, name)
    const age = await Fs.stat(path).then((stats) => Date.now() - stats.mtimeMs, () => 0)
    if (age > 3_600_000) await Fs.rm(path, { recursive: true, force: true }).catch(() => {})
  }
}
