/**
 * How servers differ in reading line protocol.
 *
 * @module
 * @since 0.1.0
 */
import { rules } from "./internal/text/DialectRules.ts"

/**
 * The server whose rules of line protocol apply to reading or writing.
 *
 * |                                         | `influx-1`         | `influx-2`         | `influx-3`     | `telegraf`      | `victoria-metrics` |
 * | --------------------------------------- | ------------------ | ------------------ | -------------- | --------------- | ------------------ |
 * | unsigned integers, `1u`                 | refused            | accepted           | accepted       | accepted        | accepted           |
 * | two backslashes in a name               | two backslashes    | two backslashes    | one backslash  | two backslashes | one backslash      |
 * | a line feed in a string                 | kept               | kept               | kept           | kept            | ends the line      |
 * | a quote in a field key                  | kept               | kept               | kept           | kept            | begins a string    |
 * | series and field keys over 65 535 bytes | refused            | refused            | accepted       | accepted        | accepted           |
 * | `\n`, `\r` and `\t` in a string         | as written         | as written         | as written     | one character   | as written         |
 * | `\=` in a measurement                    | `=`                | `=`                | `=`            | as written      | `=`                |
 * | a tag value that begins with `=`        | accepted           | accepted           | accepted       | refused         | accepted           |
 * | control characters in names             | kept               | kept               | kept           | refused         | kept               |
 * | control characters in comments          | skipped            | skipped            | skipped        | refused         | skipped            |
 * | a tab or NUL before a line or its parts | skipped            | skipped            | skipped        | refused         | skipped            |
 * | a field key that occurs twice           | the last counts    | the last counts    | refused        | the last counts | the last counts    |
 * | tags without a key or a value           | refused            | refused            | refused        | refused         | left out           |
 * | numbers like `.5` and `5.`              | accepted           | accepted           | refused        | accepted        | accepted           |
 * | CR LF at the end of a line              | refused            | refused            | refused        | accepted        | accepted           |
 * | a comment ends                          | where a line would | where a line would | at a line feed | at a line feed  | at a line feed     |
 * | timestamps in minutes and hours         | yes                | no                 | no             | no              | yes                |
 *
 * - `influx-1`: InfluxDB 1.x, checked against the parser of 1.6. It is the default, and suits every server.
 * - `influx-2`: InfluxDB 2.x, which reads as 1.x does and also accepts unsigned integers.
 * - `influx-3`: InfluxDB 3.
 * - `telegraf`: InfluxData's own library for line protocol, version 2, as in Telegraf.
 * - `victoria-metrics`: VictoriaMetrics. It stores numbers only, as floats; decoding keeps the types that were written.
 *   An empty measurement, which the server accepts, is refused here.
 *
 * **Reading.** In `influx-1` and `influx-2` a line ends where the server's own scanner ends it: a line feed behind a
 * backslash does not end it, and neither does one in quotes, not even in a comment (after `# x="` the next line is part
 * of the comment).
 *
 * **Writing.** A line that is written in a dialect reads back in it as exactly the point. A point for which this is not
 * possible is refused. Only the first five rows affect writing:
 *
 * - `influx-3` and `victoria-metrics` can escape a backslash, so a name can have backslashes anywhere. In the others a
 *   name can't end with one, or have one before certain characters.
 * - In `victoria-metrics` a quote in a field key, a tag named `__name__` and a timestamp before 3 March 1973 are
 *   refused, because the server would alter them silently: it guesses the unit of a timestamp from its number of
 *   digits, replaces 0 by the current time, and drops points before 1970. At `"s"` and coarser, timestamps from 1970 on
 *   are written. Strings are left out and counted, like NaN.
 * - Control characters in names, and tags and fields named `time`, are refused in
 *   all dialects.
 *
 * A line written in `influx-1` reads back in every dialect, with these exceptions. In `influx-3` and
 * `victoria-metrics`: a name with a backslash directly before another one, a comma or an equals sign. In
 * `victoria-metrics`: a line feed in a string, and a quote in a field key.
 *
 * A line does not contain the unit of its timestamp. The last row says whether the server knows minutes and hours. A
 * database refuses a `precision` that its dialect does not have.
 *
 * @category models
 * @since 0.1.0
 */
export type Dialect = "influx-1" | "influx-2" | "influx-3" | "telegraf" | "victoria-metrics"

/**
 * All dialects, the default first.
 *
 * @category constants
 * @since 0.1.0
 */
export const all = Object.keys(rules) as ReadonlyArray<Dialect>
