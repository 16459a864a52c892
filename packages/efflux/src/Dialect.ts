/**
 * Where servers read line protocol differently. The table in this file is the
 * only place where a dialect is decided.
 *
 * @since 0.1.0
 */

/**
 * Whose reading of line protocol is followed.
 *
 * |                                       | influx-1 | influx-2 | influx-3 | telegraf | victoria-metrics |
 * | ------------------------------------- | -------- | -------- | -------- | -------- | ---------------- |
 * | unsigned integers (`1u`)              | refused  | taken    | taken    | taken    | taken            |
 * | control characters in names           | kept     | kept     | kept     | refused  | kept             |
 * | CR LF as the end of a line            | refused  | refused  | refused  | taken    | taken            |
 * | line feed in a quoted string          | kept     | kept     | kept     | kept     | ends the line    |
 * | a comment ends                        | as a line does | as a line does | at LF | at LF | at LF         |
 * | `\\` in a name                        | two backslashes | two | one      | two      | one              |
 * | `\n`, `\r`, `\t` in a string          | as written | as written | as written | escapes | as written  |
 * | numbers like `.5` and `5.`            | taken    | taken    | refused  | taken    | taken            |
 * | tags without a key or a value         | refused  | refused  | refused  | refused  | left out         |
 * | measurement and tags over 65 535 bytes | refused | refused  | taken    | taken    | taken            |
 *
 * - `influx-1`: InfluxDB 1.x, checked against the parser of 1.6. It is the
 *   default and the safe choice: everything that Efflux writes for any server
 *   reads back, except unsigned integers.
 * - `influx-2`: InfluxDB 2.x, which reads as 1.x does and takes unsigned integers.
 * - `influx-3`: InfluxDB 3.
 * - `telegraf`: InfluxData's own library for line protocol, version 2, as in Telegraf.
 * - `victoria-metrics`: VictoriaMetrics. It keeps numbers only and makes floats of
 *   them; decoding keeps the types that were written. An empty measurement,
 *   which it takes, is refused here.
 *
 * In `influx-1` and `influx-2` a line ends where the server's own scanner ends
 * it: a line feed behind a backslash does not end it, and neither does one in
 * quotes, not even in a comment (`# x="` swallows the next line).
 *
 * @category models
 * @since 0.1.0
 */
export type Dialect = "influx-1" | "influx-2" | "influx-3" | "telegraf" | "victoria-metrics"

/**
 * What a dialect decides.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rules {
  readonly unsigned: boolean
  readonly controlCharacters: boolean
  readonly carriageReturn: boolean
  readonly quotedLineFeed: boolean
  readonly commentsEndAtLineFeed: boolean
  /** `\\` stands for one backslash, so a backslash can end a name. */
  readonly escapedBackslash: boolean
  readonly stringEscapes: boolean
  readonly bareDecimalPoint: boolean
  readonly emptyTags: boolean
  readonly maxSeriesKeyBytes: number
}

const influx1: Rules = {
  unsigned: false,
  controlCharacters: true,
  carriageReturn: false,
  quotedLineFeed: true,
  commentsEndAtLineFeed: false,
  escapedBackslash: false,
  stringEscapes: false,
  bareDecimalPoint: true,
  emptyTags: false,
  maxSeriesKeyBytes: 65_535
}

const unbounded = Number.POSITIVE_INFINITY

/**
 * The rules of each dialect.
 *
 * @category constants
 * @since 0.1.0
 */
export const rules: Readonly<Record<Dialect, Rules>> = {
  "influx-1": influx1,
  "influx-2": { ...influx1, unsigned: true },
  "influx-3": {
    ...influx1,
    unsigned: true,
    commentsEndAtLineFeed: true,
    escapedBackslash: true,
    bareDecimalPoint: false,
    maxSeriesKeyBytes: unbounded
  },
  telegraf: {
    ...influx1,
    unsigned: true,
    controlCharacters: false,
    carriageReturn: true,
    commentsEndAtLineFeed: true,
    stringEscapes: true,
    maxSeriesKeyBytes: unbounded
  },
  "victoria-metrics": {
    ...influx1,
    unsigned: true,
    carriageReturn: true,
    quotedLineFeed: false,
    commentsEndAtLineFeed: true,
    escapedBackslash: true,
    emptyTags: true,
    maxSeriesKeyBytes: unbounded
  }
}
