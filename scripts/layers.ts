/**
 * The folders of `packages/efflux/src`, from the bottom up. A folder imports from itself and from earlier lines, never
 * from a later one. `oxlint.config.ts` turns this table into lint rules, `test/layers.test.ts` plants an arrow against
 * each line to see that it is caught, and `docs/internals/architecture.md` shows it.
 *
 * Public modules stand at the top of `src`. They import any folder; a folder imports only those of `models`.
 */

export interface Folder {
  /** The folder's name in `packages/efflux/src/internal`. */
  readonly name: string
  readonly holds: string
  /** Packages that must not be imported, as regular expressions for the start of the path, whole segments. */
  readonly forbids: ReadonlyArray<string>
}

/** Packages that tie a module to a platform, or do I/O. */
export const platform = ["effect/socket", "effect/http", "effect/net", "@effect"]

/** Public modules that take an `HttpClient` from the context, the interface that every platform implements. */
export const httpModules: ReadonlyArray<string> = ["InfluxClient", "InfluxDatabase"]

/** Packages that a module for browsers does not need. */
const pure = [...platform, "effect/Context", "effect/Layer", "node:[^/]*"]

export const folders: ReadonlyArray<Folder> = [
  { name: "text", holds: "characters, previews for messages, instants: used by several folders", forbids: pure },
  { name: "encode", holds: "points to lines", forbids: pure },
  { name: "decode", holds: "lines to points", forbids: pure },
  {
    name: "series",
    holds: "typed series, metrics as series, and where a series lives among shards",
    forbids: pure
  },
  { name: "config", holds: "options: their Schemas, checks, defaults and variables", forbids: platform },
  { name: "http", holds: "one exchange with a server, limited in size and time", forbids: [] },
  { name: "query", holds: "statements, answers, rows", forbids: platform },
  { name: "database", holds: "the queue, the ledger, the sender pool, reports", forbids: platform },
  { name: "transport", holds: "sending over UDP, TCP and HTTP", forbids: [] },
  { name: "listen", holds: "receiving over UDP, TCP and HTTP", forbids: [] }
]

/** Public modules that folders may import: the model, options, metrics and contracts; no services. */
export const models: ReadonlyArray<string> = [
  "ClientConfig",
  "DatabaseConfig",
  "DatabaseMetrics",
  "Dialect",
  "InfluxError",
  "Point",
  "Precision",
  "Transport"
]

/** Public modules without services and platforms, which run wherever JavaScript does. */
export const pureModules: ReadonlyArray<string> = [
  "Dialect",
  "Flux",
  "InfluxQL",
  "LineProtocol",
  "Point",
  "Precision",
  "Sql"
]

export const pureForbids = pure
