/** `efflux query`: sends a statement to a server and prints its rows. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Csv from "effect/encoding/Csv"
import * as Option from "effect/Option"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { Flux, InfluxClient, InfluxQL, LineProtocol, type Point, Sql } from "efflux"
import { needs, type Parsed, text } from "./Flags.ts"
import * as Input from "./Input.ts"
import * as Output from "./Output.ts"
import { instant, type Line, plot } from "./Plot.ts"
import * as Screen from "./Screen.ts"
import * as Target from "./Target.ts"
import { count, escaped, json, userError, widthOf } from "./Text.ts"

const options = {
  statement: Argument.String("statement").pipe(
    Argument.withDescription("InfluxQL for InfluxDB 1, Flux for 2, SQL for 3; - reads it from standard input")
  ),
  from: Flag.String("from").pipe(
    Flag.withMetavar("URL"),
    Flag.withDescription(
      "http://host:8086/?database=d, with ?version=2&org=o for InfluxDB 2 and ?version=3&database=d for InfluxDB 3. Secrets come from INFLUX_TOKEN, or INFLUX_USERNAME and INFLUX_PASSWORD"
    )
  ),
  language: Flag.Literals("language", ["influxql", "flux", "sql"]).pipe(
    Flag.optional,
    Flag.withDescription("The statement's language; default that of the version")
  ),
  format: Flag.Literals("format", ["table", "csv", "json", "line"]).pipe(
    Flag.optional,
    Flag.withDescription("table, csv, json (one object per line), or line (line protocol); default table")
  ),
  measurement: text("measurement").pipe(
    Flag.optional,
    Flag.withDescription("With --format line: the measurement, where no column has it")
  ),
  tags: text("tags").pipe(
    Flag.optional,
    Flag.withMetavar("A,B"),
    Flag.withDescription("With --format line: the columns that are tags; the others are fields")
  ),
  integers: text("integers").pipe(
    Flag.optional,
    Flag.withMetavar("A,B"),
    Flag.withDescription("With --format line: columns of floats to write as integers")
  ),
  plot: Flag.Boolean("plot").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Plot the numbers over time, one plot for each column and series")
  )
}

type Row = InfluxClient.Row

const languages = { influxql: InfluxQL.unsafe, flux: Flux.unsafe, sql: Sql.unsafe } as const
const standard = { 1: "influxql", 2: "flux", 3: "sql" } as const

const query = Effect.fnUntraced(function*(flags: Parsed<typeof options>) {
  const format = Option.getOrElse(flags.format, () => "table")
  yield* needs("--format line", format === "line", {
    "--measurement": flags.measurement,
    "--tags": flags.tags,
    "--integers": flags.integers
  })
  if (flags.plot && Option.isSome(flags.format)) return yield* userError("--plot and --format can't be combined")
  const { explained, options: server, sentenceOf } = yield* Target.client("--from", flags.from)
  const { version } = server
  const client = yield* explained(InfluxClient.make(server))
  const written = flags.statement === "-" ? yield* standardInput : flags.statement
  if (written.trim() === "") return yield* userError("the statement is empty")
  const statement = languages[Option.getOrElse(flags.language, () => standard[version])](written)
  const isTerminal = yield* Effect.flatMap(Stdio.Stdio, (stdio) => stdio.stdoutIsTerminal)
  // A terminal would obey control characters; a file or another program gets them as they are.
  const shown = isTerminal ? escaped : (text: string) => text
  if (flags.plot || format === "table" || format === "csv") {
    const rows = yield* explained(client.query(statement))
    if (flags.plot) {
      const columns = yield* Screen.columns
      const lines = linesOf(rows)
      yield* print(lines.flatMap((line) => [...plot(line, columns, 10), ""]))
      return lines.length > 0 ? undefined : yield* Console.error("no numbers to draw")
    }
    if (format === "csv") return yield* Output.lines(Stream.map(csv(rows), shown))
    yield* print(table(rows))
    return yield* Console.error(count(rows.length, "row"))
  }
  const measured = format === "line" && flags.language._tag === "None" && version === 1
  const rows = client.queryStream(statement, measured ? { measurement: "_measurement" } : {}).pipe(
    Stream.mapError((failure) => userError(sentenceOf(failure), failure))
  )
  if (format === "json") return yield* Output.lines(Stream.map(rows, (row) => json(row, false)))
  const [tags, integers] = [namesOf(flags.tags), namesOf(flags.integers)]
  const measurement = Option.getOrUndefined(flags.measurement)
  let skipped = 0
  yield* Output.lines(Stream.flatMap(rows, (row) => {
    const line = lineOf(row, measurement, tags, integers)
    if (line === undefined) skipped++
    return line === undefined ? Stream.empty : Stream.succeed(shown(line))
  }))
  if (skipped > 0) {
    yield* Output.endWith(1)
    yield* Console.error(
      `${count(skipped, "row")} can't be written as line protocol: a measurement (--measurement) and a field are needed`
    )
  }
}, Effect.scoped)

const standardInput = Effect.flatMap(Input.open("-"), ({ bytes }) => Stream.mkString(Stream.decodeText(bytes())))

const print = (lines: ReadonlyArray<string>) =>
  lines.length === 0 ? Effect.void : Output.lines(Stream.fromIterable(lines))

/** All columns, in order of first appearance. */
const columnsOf = (rows: ReadonlyArray<Row>) => [...new Set(rows.flatMap((row) => Object.keys(row)))]

const isTime = (column: string, value: unknown): value is bigint =>
  typeof value === "bigint" && (column === "time" || /^_(time|start|stop)$/.test(column))

const cell = (column: string, row: Row): string => {
  if (!Object.hasOwn(row, column)) return ""
  const value = row[column]!
  return isTime(column, value) ? instant(value) : String(value)
}

const table = (rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const columns = columnsOf(rows)
  if (columns.length === 0) return []
  const texts = rows.map((row) => columns.map((column) => escaped(cell(column, row))))
  const heads = columns.map(escaped)
  const widths = heads.map((head, index) =>
    texts.reduce((width, row) => Math.max(width, widthOf(row[index]!)), widthOf(head))
  )
  const isNumber = columns.map((column) => rows.every((row) => !Object.hasOwn(row, column) || isNumeric(column, row)))
  const line = (cells: ReadonlyArray<string>) =>
    cells.map((text, index) => {
      const space = " ".repeat(widths[index]! - widthOf(text))
      return isNumber[index] ? space + text : text + space
    }).join("  ").trimEnd()
  return [line(heads), widths.map((width) => "-".repeat(width)).join("  "), ...texts.map(line)]
}

const isNumeric = (column: string, row: Row): boolean =>
  !isTime(column, row[column]) && (typeof row[column] === "number" || typeof row[column] === "bigint")

const csv = (rows: ReadonlyArray<Row>): Stream.Stream<string> => {
  const columns = columnsOf(rows)
  const records = rows.map((row) => columns.map((column) => cell(column, row)))
  return Stream.fromIterable(columns.length === 0 ? [] : [columns, ...records]).pipe(
    Stream.pipeThroughChannel(Csv.encodeString({ newline: "\n" })),
    Stream.map((line) => line.slice(0, -1))
  )
}

// Columns that Flux adds to the tags of a row.
const ofFlux = new Set(["result", "table"])

const namesOf = (text: Option.Option<string>): ReadonlySet<string> =>
  new Set(Option.getOrElse(text, () => "").split(",").filter((name) => name !== ""))

/** A row as a line. Columns in `isTag` are its tags, and floats in `integers` become integers. */
const lineOf = (
  row: Row,
  given: string | undefined,
  isTag: ReadonlySet<string>,
  integers: ReadonlySet<string>
): string | undefined => {
  const measurement = given ?? row["_measurement"]
  if (typeof measurement !== "string") return undefined
  const tags: Record<string, string> = Object.create(null)
  const fields: Record<string, Point.FieldValue> = Object.create(null)
  const addField = (name: string, value: InfluxClient.Cell) => {
    fields[name] = integers.has(name) && Number.isSafeInteger(value) ? BigInt(value) : value
  }
  const isFlux = Object.hasOwn(row, "_field") && Object.hasOwn(row, "_value")
  for (const [column, value] of Object.entries(row)) {
    if (column.startsWith("_") || column === "time" || isFlux && ofFlux.has(column)) continue
    if (isFlux || isTag.has(column)) tags[column] = String(value)
    else addField(column, value)
  }
  if (isFlux) addField(String(row["_field"]), row["_value"]!)
  const time = row["time"] ?? row["_time"]
  const timestamp = typeof time === "bigint" ? { timestamp: time } : {}
  const line = LineProtocol.encode({ measurement, tags, fields, ...timestamp }, { dialect: "influx-2" })
  return line._tag === "Success" ? line.success : undefined
}

/** The numbers of a result, grouped by column and by the strings of their row, which identify the series. */
const linesOf = (rows: ReadonlyArray<Row>): ReadonlyArray<Line> => {
  const numbers = rows.flatMap((row) => {
    const time = row["time"] ?? row["_time"]
    if (typeof time !== "bigint") return []
    const series = Object.entries(row).filter(([, value]) => typeof value === "string").map((pair) => pair.join("="))
    return Object.keys(row).filter((column) => isNumeric(column, row) && !ofFlux.has(column)).map((column) =>
      ({ name: [column, ...series].join(" "), point: [time, Number(row[column])] }) as const
    )
  })
  return [...Map.groupBy(numbers, ({ name }) => name)].map(([name, group]) => ({
    name,
    points: group.map(({ point }) => point)
  }))
}

/** The command. */
export const command = Command.make("query", options, query).pipe(
  Command.withDescription("Queries a server and shows the rows as a table, CSV, JSON, line protocol or a plot."),
  Command.withExamples([
    {
      command: "efflux query 'SELECT * FROM cpu LIMIT 10' --from 'http://localhost:8086/?database=metrics'",
      description: "InfluxDB 1"
    },
    {
      command:
        "efflux query 'SELECT mean(load) FROM cpu GROUP BY time(1m)' --from 'http://localhost:8086/?database=metrics' --plot",
      description: "As a picture"
    }
  ])
)
