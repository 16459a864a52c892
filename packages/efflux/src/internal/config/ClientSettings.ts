/**
 * Settings of a client: its configuration, checked, with durations in
 * milliseconds.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { InfluxError } from "../../InfluxError.ts"
import { readOptions, refuseUnknown } from "./checkOptions.ts"
import { anyTransport, clientOwners, credentialsOf, type ServerSettings, versionOf } from "./DatabaseSettings.ts"
import type * as Options from "./Options.ts"

type V1 = Options.Checked<typeof Options.client1>
type V2 = Options.Checked<typeof Options.client2>

/** What the versions have in common, and what only some have. */
export interface ClientSettings
  extends
    ServerSettings,
    Pick<V1, "gzip" | "maxLineBytes" | "maxResponseBytes" | "url">,
    Partial<Pick<V1, "chunkSize" | "database" | "retentionPolicy">>,
    Partial<Pick<V2, "org">>
{
  readonly version: 1 | 2 | 3
}

/** Checks the configuration of a client. */
export const check = (given: unknown): Result.Result<ClientSettings, InfluxError> =>
  Result.gen(function*() {
    const config = yield* readOptions(given)
    const own = clientOwners[yield* versionOf(config)]
    yield* refuseUnknown(config, own, [...Object.values(clientOwners), { ...anyTransport, isForeign: true }])
    const settings = yield* own.decode(config)
    return { ...settings, credentials: yield* credentialsOf(settings, config) }
  })
