/**
 * Turns names of metrics and attributes into names that line protocol can hold.
 *
 * @since 0.1.0
 */
import { type NamePlace, nameProblem } from "../../Point.ts"

/**
 * The name if every dialect accepts it in that place, else a cleaned one: control characters, lone surrogates, quotes
 * and backslashes become `_`, as does a leading `#`; `time` becomes `time_`, `__name__` becomes `__name___`, and an empty name `_`.
 *
 * @internal
 */
export const clean = (name: string, place: NamePlace): string => {
  if (isAccepted(name, place)) return name
  const printable = name.replace(/[\p{Cc}\p{Cs}\\"]/gu, "_").replace(/^#/, "_")
  if (printable === "") return "_"
  return isAccepted(printable, place) ? printable : `${printable}_`
}

// The first dialect is the strictest, but for what VictoriaMetrics does to quotes and to `__name__`.
const isAccepted = (name: string, place: NamePlace): boolean =>
  nameProblem(name, place) === undefined && nameProblem(name, place, "victoria-metrics") === undefined

/**
 * A number as Go's `%g` with the fewest digits writes it, which is what Telegraf's field and tag names hold: `0.5`,
 * `100000`, `1e+06`, `+Inf`.
 *
 * @internal
 */
export const goFloat = (value: number): string => {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"
  if (value === 0) return Object.is(value, -0) ? "-0" : "0"
  const [digits = "", exponent = ""] = value.toExponential().split("e")
  const power = Number(exponent)
  if (power >= -4 && power < 6) return String(value)
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`
}
