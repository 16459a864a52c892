/** `efflux lint`: finds the errors in files of line protocol. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Dialect, type LineProtocol, Precision } from "efflux"
import type { Parsed } from "./Flags.ts"
import * as Input from "./Input.ts"
import { type Finding, Linter } from "./Linter.ts"
import * as Output from "./Output.ts"
import { count, escaped, int, json, pointer } from "./Text.ts"

const options = {
  files: Argument.String("file").pipe(
    Argument.withDescription("Files of line protocol, .gz too; - for standard input"),
    Argument.atLeast(1)
  ),
  dialect: Flag.Literals("dialect", ["all", ...Dialect.all]).pipe(
    Flag.withDefault("all"),
    Flag.withDescription("The server whose rules decide which lines are valid; default all of them")
  ),
  precision: Flag.Literals("precision", Precision.all).pipe(
    Flag.withDefault("ns"),
    Flag.withDescription("Unit of the timestamps, which limits their range; default ns")
  ),
  format: Flag.Literals("format", ["text", "json", "github"]).pipe(
    Flag.withDefault("text"),
    Flag.withDescription("text, json (one object per line), or github (workflow annotations); default text")
  )
}

// "line 3, column 7: " stands before the sentence.
const sentenceOf = (error: LineProtocol.DecodeError): string => error.message.replace(/^line \d+, column \d+: /, "")

const whereOf = ({ dialects }: Finding, all: boolean): string =>
  !all ? "" : dialects.length === Dialect.all.length ? " [all dialects]" : ` [${dialects.join(", ")}]`

const asText = (file: string, finding: Finding, all: boolean): ReadonlyArray<string> => {
  const { error, excerpt, line } = finding
  const message = escaped(sentenceOf(error)) + whereOf(finding, all)
  return [
    `${escaped(file)}:${line}:${error.column}: error: ${message}`,
    ...(excerpt === undefined ? [] : pointer(excerpt))
  ]
}

const asJson = (file: string, { dialects, error, excerpt, line }: Finding): string => {
  const place = { file, line: int(line), column: int(error.column) }
  return json({ ...place, reason: error.reason, message: sentenceOf(error), text: excerpt?.text, dialects })
}

const asGithub = (file: string, finding: Finding, all: boolean): string => {
  const { error, line } = finding
  const message = sentenceOf(error) + whereOf(finding, all)
  return `::error file=${property(file)},line=${line},col=${error.column},title=line protocol::${data(message)}`
}

const data = (text: string): string => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")

const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C")

const formats = { text: asText, json: asJson, github: asGithub }

const lint = Effect.fnUntraced(function*(flags: Parsed<typeof options>) {
  const all = flags.dialect === "all"
  const dialects = flags.dialect === "all" ? Dialect.all : [flags.dialect]
  let bad = 0
  let unreadable = 0
  const lintFile = (path: string) => {
    const linter = new Linter(dialects, flags.precision)
    const show = (findings: ReadonlyArray<Finding>) =>
      findings.flatMap((finding) => formats[flags.format](path === "-" ? "<stdin>" : path, finding, all))
    return Stream.unwrap(Effect.map(Input.open(path), ({ bytes }) => bytes())).pipe(
      Stream.map((chunk) => show(linter.read(chunk))),
      Stream.concat(Stream.suspend(() => Stream.succeed(show(linter.end())))),
      Stream.flattenIterable,
      Stream.ensuring(Effect.sync(() => {
        bad += linter.bad
      })),
      Stream.catch(({ message }) => {
        unreadable++
        return Stream.fromEffectDrain(Console.error(`efflux lint: ${escaped(message)}`))
      })
    )
  }
  yield* Output.lines(Stream.flatMap(Stream.fromIterable(flags.files), lintFile))
  const readable = flags.files.length - unreadable
  if (flags.format === "text" && readable > 0) {
    const files = count(readable, "file")
    yield* Console.error(bad === 0 ? `${files}, no errors` : `${count(bad, "bad line")} in ${files}`)
  }
  if (unreadable + bad > 0) yield* Output.endWith(unreadable > 0 ? 2 : 1)
})

/** The command. */
export const command = Command.make("lint", options, lint).pipe(
  Command.withDescription(
    "Checks files of line protocol as each server reads them, and shows the position and the reason of each error."
  ),
  Command.withExamples([
    { command: "efflux lint metrics.lp", description: "What does each server think of this file?" },
    { command: "efflux lint --dialect influx-1 --format github *.lp", description: "In a workflow" }
  ])
)
