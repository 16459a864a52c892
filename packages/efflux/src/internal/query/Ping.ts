/**
 * Asks a server for its version and build.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { InfluxError } from "../../InfluxError.ts"
import type { HttpExchange } from "../http/HttpExchange.ts"
import { printable } from "../text/preview.ts"
import type { Ping } from "./Operations.ts"

/**
 * `GET /ping`, which all versions have.
 *
 * @internal
 */
export const ping = (http: HttpExchange): Effect.Effect<Ping, InfluxError> =>
  Effect.map(
    http.request({ method: "GET", path: "/ping", onRepeat: constVoid, maxAnswerBytes: 64 * 1024 }),
    ({ body, headers }) => {
      // InfluxDB 3 says it in the body too, and some of its builds only there.
      const said = Result.getOrUndefined(parseBody(new TextDecoder().decode(body)))
      return {
        version: shown(headers["x-influxdb-version"] ?? said?.version),
        build: shown(headers["x-influxdb-build"])
      }
    }
  )

const parseBody = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Struct({ version: Schema.String })))

const shown = (text: string | undefined): string | undefined => text === undefined ? undefined : printable(text, 64)
