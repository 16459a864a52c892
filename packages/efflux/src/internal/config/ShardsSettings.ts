/**
 * The checked options of shards. Those of each shard are checked where its
 * database is made.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { DatabaseConfig } from "../../DatabaseConfig.ts"
import { InfluxError, InvalidOption } from "../../InfluxError.ts"
import { printable } from "../text/preview.ts"
import { decoder, readOptions, refuseUnknown } from "./checkOptions.ts"
import { anyTransport } from "./DatabaseSettings.ts"
import { invalidOption } from "./invalidOption.ts"
import * as Options from "./Options.ts"
import { isPlainObject } from "./OptionSchema.ts"

export interface ShardsSettings {
  readonly databases: ReadonlyArray<readonly [name: string, DatabaseConfig]>
  readonly tags: Options.Common["tags"]
}

const { tags } = Options.udp

const decodeTags = decoder({ tags })

/** Checks the options of shards, and gives each shard its name and the tags of all. */
export const check = (given: unknown, label: string): Result.Result<ShardsSettings, InfluxError> =>
  Result.gen(function*() {
    const config = yield* readOptions(given)
    yield* refuseUnknown(config, { name: "InfluxShards", fields: { shards: undefined, tags } }, [{
      ...anyTransport,
      name: "the options of each shard"
    }])
    const all = config.options["shards"]
    const shards = yield* Result.mapError(readOptions(all === undefined ? {} : all), (error) => within("shards", error))
    // A shard that is `undefined` is a mistake, because the others would get its series.
    const names = Object.keys(all ?? {})
    if (names.length === 0) {
      return yield* invalidOption("shards", all, "the options of one or more shards, by name")
    }
    const { tags: ofAll } = yield* decodeTags(config)
    const databases: Array<readonly [string, DatabaseConfig]> = []
    for (const name of names) {
      const shard = shards.options[name]
      const { options } = yield* Result.mapError(readOptions(shard), (error) => inShard(name, error))
      const { name: ownName = `${label}/${name}`, tags: own = {} } = options
      // Tags that are no object are left to the check of the shard.
      const tags = isPlainObject(own) ? { ...ofAll, ...own } : own
      databases.push([name, Object.assign(shard as object, options, { name: ownName, tags }) as DatabaseConfig])
    }
    return { databases, tags: ofAll }
  })

/** An error about an option of a shard. */
export const inShard = (name: string, error: InfluxError): InfluxError => within(`shards.${printable(name, 64)}`, error)

const within = (path: string, { reason }: InfluxError): InfluxError => {
  const { option, ...rest } = reason as InvalidOption
  return new InfluxError({
    reason: new InvalidOption({ ...rest, option: option === "" ? path : `${path}.${option}` })
  })
}
