/**
 * The last log lines of Efflux databases, which carry the annotation `name`.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"

export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly level: string
  readonly text: string
}

// Older lines are removed and longer ones are cut, because the page shows recent events and not the log.
const keptLines = 50
const keptCharacters = 500

export class LogLines extends Context.Service<LogLines, {
  /** The kept lines, oldest first; a new array whenever there is a new line. */
  readonly lines: () => ReadonlyArray<LogLine>
}>()("efflux/panel/LogLines") {}

/** Keeps the log lines of what it is provided to. Existing loggers still get them. */
export const layer: Layer.Layer<LogLines> = Layer.unwrap(Effect.sync(() => {
  let lines: ReadonlyArray<LogLine> = []
  const logger = Logger.make<unknown, void>(({ date, fiber, logLevel, message }) => {
    const { name, ...others } = fiber.getRef(References.CurrentLogAnnotations)
    if (name === undefined) return
    const parts = [
      ...(Array.isArray(message) ? message : [message]),
      ...Object.entries(others).map(([key, value]) => `${key}=${String(value)}`)
    ]
    const text = parts.map(String).join(" ").slice(0, keptCharacters)
    lines = [...lines.slice(1 - keptLines), { at: date.getTime(), level: logLevel, text }]
  })
  return Layer.merge(
    Layer.succeed(LogLines, { lines: () => lines }),
    Logger.layer([logger], { mergeWithExisting: true })
  )
}))
