import { Cause, type Layer, Logger, References } from "effect"

/** Collects log lines as text, and beside them their annotations and their causes. */
export const capture = () => {
  const lines: Array<string> = []
  const annotations: Array<Record<string, unknown>> = []
  const causes: Array<string> = []
  const logger = Logger.make(({ cause, fiber, logLevel, message }) => {
    // The test clock's own, which it writes when a test takes more than a second of real time.
    if (/^A (?:test is using time|fiber woken by the test clock)/.test(String(message))) return
    lines.push(`${logLevel} ${String(message)}`)
    annotations.push({ ...fiber.getRef(References.CurrentLogAnnotations) })
    causes.push(Cause.pretty(cause))
  })
  return { lines, annotations, causes, layer: Logger.layer([logger]) satisfies Layer.Layer<never> }
}
