/**
 * Settings of a client: its configuration, checked, with durations in
 * milliseconds.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { InfluxError } from "../../InfluxError.ts"
import { decoder, read, refuseUnknown } from "./Check.ts"
import * as Options from "./Options.ts"
import { anyTransport, clientOwners, credentialsOf, type Server, versionOf } from "./Settings.ts"

/** What the versions have in common, and what only some have as `undefined`. */
export interface ClientSettings extends Server {
  readonly version: 1 | 2 | 3
  readonly url: string
  readonly maxResponseBytes: number
  readonly maxLineBytes: number
  readonly gzip: boolean
  readonly database: string | undefined
  readonly retentionPolicy: string | undefined
  readonly chunkSize: number | undefined
  readonly org: string | undefined
}

const decode = { 1: decoder(Options.client1), 2: decoder(Options.client2), 3: decoder(Options.client3) }

const missing = { database: undefined, retentionPolicy: undefined, chunkSize: undefined, org: undefined }

/** Checks the configuration of a client. */
export const check = (given: unknown): Result.Result<ClientSettings, InfluxError> =>
  Result.gen(function*() {
    const config = yield* read(given)
    const version = yield* versionOf(config)
    yield* refuseUnknown(config, clientOwners[version - 1], [...clientOwners, { ...anyTransport, isForeign: true }])
    const settings = yield* decode[version](config)
    return { ...missing, ...settings, credentials: yield* credentialsOf(settings, config) }
  })
