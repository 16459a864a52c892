import { type Layer, Logger } from "effect"

/** Collects log lines as text. */
export const capture = () => {
  const lines: Array<string> = []
  const logger = Logger.make((options) => {
    lines.push(`${options.logLevel} ${String(options.message)}`)
  })
  return { lines, layer: Logger.layer([logger]) satisfies Layer.Layer<never> }
}
