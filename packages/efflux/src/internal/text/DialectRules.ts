/**
 * How servers read line protocol differently. Only the table in this file defines a dialect.
 *
 * @since 0.1.0
 */
import { known } from "./arguments.ts"

const influx1 = {
  unsigned: false,
  /** `\\` stands for one backslash, so a backslash can end a name. */
  escapedBackslash: false,
  quotedLineFeed: true,
  /** A quote in a field key is an ordinary character. */
  quoteInFieldKey: true,
  stringEscapes: false,
  /** A backslash escapes an equals sign in a measurement and, if it can't be escaped itself, a quote in a name. */
  looseEscapes: true,
  /** A tag value may begin with an equals sign that has no backslash. */
  leadingEquals: true,
  /** The limit of measurement and tags, escaped, and of these with a field key and 4 bytes between. */
  maxSeriesKeyBytes: 65_535,
  controlCharacters: true,
  emptyTags: false,
  bareDecimalPoint: true,
  carriageReturn: false,
  commentsEndAtLineFeed: false,
  /** Tabs and NULs before a line and between its parts are skipped as spaces are. */
  tabsAreBlank: true,
  /** A field key may occur twice; its last value counts. */
  duplicateFields: true,
  /** Strings are stored as values of fields. */
  strings: true,
  /**
   * The server guesses the unit of a timestamp from its number of digits, treats 0 as missing, and stores nothing
   * before 1970.
   */
  guessesUnits: false,
  /** A tag may be named `__name__`. */
  nameTag: true,
  /** Whether the server knows timestamps in minutes and hours. */
  minutesAndHours: true
}

/**
 * The rules of a dialect.
 *
 * @category models
 * @since 0.1.0
 */
export type Rules = Readonly<typeof influx1>

/**
 * Bytes that InfluxDB puts between a series key and a field key, and counts in its limit.
 *
 * @category constants
 * @since 0.1.0
 */
export const fieldKeySeparatorBytes = 4

// Longer than any series key, and still a small integer to the engine.
const unbounded = 2 ** 30 - 1

/**
 * The rules of each dialect.
 *
 * @category constants
 * @since 0.1.0
 */
export const rules = {
  "influx-1": influx1,
  "influx-2": { ...influx1, unsigned: true, minutesAndHours: false },
  "influx-3": {
    ...influx1,
    unsigned: true,
    escapedBackslash: true,
    maxSeriesKeyBytes: unbounded,
    bareDecimalPoint: false,
    commentsEndAtLineFeed: true,
    duplicateFields: false,
    minutesAndHours: false
  },
  telegraf: {
    ...influx1,
    unsigned: true,
    stringEscapes: true,
    looseEscapes: false,
    leadingEquals: false,
    maxSeriesKeyBytes: unbounded,
    controlCharacters: false,
    carriageReturn: true,
    commentsEndAtLineFeed: true,
    tabsAreBlank: false,
    minutesAndHours: false
  },
  "victoria-metrics": {
    ...influx1,
    unsigned: true,
    escapedBackslash: true,
    quotedLineFeed: false,
    quoteInFieldKey: false,
    maxSeriesKeyBytes: unbounded,
    emptyTags: true,
    carriageReturn: true,
    commentsEndAtLineFeed: true,
    strings: false,
    guessesUnits: true,
    nameTag: false
  }
} satisfies Readonly<Record<string, Rules>>

/**
 * The rules of a dialect, by default those of `influx-1`. Throws a `TypeError`
 * if there is no such dialect.
 *
 * @category look-up
 * @since 0.1.0
 */
export const rulesOf = (dialect: keyof typeof rules = "influx-1"): Rules => known("dialect", dialect, rules)
