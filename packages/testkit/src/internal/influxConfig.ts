/** The configuration file of a server under test. */

/** What the file is made from; addresses and folders are already chosen. */
export interface ConfigInput {
  readonly directory: string
  readonly rpcAddress: string
  readonly httpAddress: string
  readonly http: Readonly<Record<string, string | number | boolean>>
  readonly listeners: ReadonlyArray<Readonly<Record<string, string | number | undefined>>>
}

/** Renders the file. Settings that are `undefined` are left to the server. */
export const render = (input: ConfigInput): string =>
  [
    "reporting-disabled = true",
    setting("bind-address", input.rpcAddress),
    "[meta]",
    setting("dir", `${input.directory}/meta`),
    "logging-enabled = false",
    "[data]",
    setting("dir", `${input.directory}/data`),
    setting("wal-dir", `${input.directory}/wal`),
    "query-log-enabled = false",
    "[monitor]",
    "store-enabled = false",
    "[continuous_queries]",
    "log-enabled = false",
    // Start-up messages are at "info", and readiness is read from them.
    "[logging]",
    "level = \"info\"",
    "format = \"logfmt\"",
    "suppress-logo = true",
    "[http]",
    setting("bind-address", input.httpAddress),
    ...settings({ "log-enabled": false, ...input.http }),
    ...input.listeners.flatMap((listener) => ["[[udp]]", "enabled = true", ...settings(listener)]),
    ""
  ].join("\n")

const setting = (key: string, value: string | number | boolean): string => `${key} = ${JSON.stringify(value)}`

const settings = (record: Readonly<Record<string, string | number | boolean | undefined>>): ReadonlyArray<string> =>
  Object.keys(record).flatMap((key) => {
    const value = record[key]
    return value === undefined ? [] : [setting(key, value)]
  })
