/**
 * The output of a command: a table that is refreshed in place with lines above it, or lines alone.
 *
 * Every write goes through one `Painter`, including the log. To print a line, the painter writes it over the table and
 * draws the table again below it, in one write, so a log line can't tear the table.
 */
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Terminal from "effect/Terminal"
import { widthOf } from "./Text.ts"

/** Keeps track of the table on the terminal. */
export class Painter {
  readonly #write: (text: string) => void
  readonly #live: boolean
  #table: ReadonlyArray<string> = []
  #size = ""

  constructor(write: (text: string) => void, live: boolean) {
    this.#write = write
    this.#live = live
  }

  /**
   * Replaces the previous table. No line may be wider than the terminal. After a change of `size` the whole terminal is
   * redrawn, because it may have wrapped the lines of the previous table. Does nothing if not live.
   */
  frame(table: ReadonlyArray<string>, size = ""): void {
    if (!this.#live) return
    const top = this.#table.length > 0 && size !== this.#size ? home : this.#top()
    this.#write(`${top}${this.#lines(table)}${clearBelow}`)
    this.#table = table
    this.#size = size
  }

  /** Writes a line above the table. */
  print(line: string): void {
    if (!this.#live) return this.#write(`${line}\n`)
    this.#write(`${this.#top()}${this.#lines([line, ...this.#table])}${clearBelow}`)
  }

  /** Leaves the table where it is. Later output is written below it. */
  leave(): void {
    this.#table = []
  }

  // Moves to the first line of the table. Overwriting the table flickers less than erasing it first.
  #top(): string {
    return this.#table.length === 0 ? "" : `\x1b[${this.#table.length}A\r`
  }

  #lines(lines: ReadonlyArray<string>): string {
    return lines.map((line) => `${line}${clearRight}\n`).join("")
  }
}

const home = "\x1b[H"
const clearRight = "\x1b[K"
const clearBelow = "\x1b[J"

/** The width of the terminal, or 80 without one. */
export const columns = Effect.map(Effect.flatMap(Terminal.Terminal, ({ columns }) => columns), (known) => known || 80)

/** The height of the terminal, or 24 without one. */
export const rows = Effect.map(Effect.flatMap(Terminal.Terminal, ({ rows }) => rows), (known) => known || 24)

/** Seconds of a clock that never steps. */
export const seconds = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e9)

/** The output as a service. */
export class Screen extends Context.Service<Screen, {
  /** Whether there is a table. */
  readonly live: boolean
  readonly frame: (table: ReadonlyArray<string>) => Effect.Effect<void>
  readonly print: (line: string) => Effect.Effect<void>
  readonly leave: Effect.Effect<void>
}>()("efflux-cli/Screen") {}

/** The screen of this process, and a logger that writes to it. The cursor is hidden while there is a table. */
export const layer = (options: { readonly plain: boolean }) =>
  Layer.unwrap(Effect.gen(function*() {
    const size = Effect.provideService(Effect.all([columns, rows]), Terminal.Terminal, yield* Terminal.Terminal)
    const { canAnimate, canColor } = yield* TerminalCapabilities.TerminalCapabilities
    const live = !options.plain && canAnimate && canColor
    const write = (text: string) => void process.stdout.write(text)
    const painter = new Painter(write, live)
    if (live) {
      write("\x1b[?25l")
      // Also where a second signal ends the process at once.
      process.once("exit", () => write("\x1b[?25h"))
    }
    return Layer.merge(
      Layer.succeed(Screen, {
        live,
        frame: (table) =>
          Effect.map(size, ([columns, rows]) =>
            // A line that wraps, or a table that scrolls, could not be erased.
            painter.frame(table.slice(0, rows - 1).map((line) => cut(line, columns)), `${columns}x${rows}`)),
        print: (line) => Effect.sync(() => painter.print(line)),
        leave: Effect.sync(() => painter.leave())
      }),
      Logger.layer([
        Logger.make(({ date, logLevel, message }) => {
          const words = (Array.isArray(message) ? message : [message]).map(String)
          painter.print(`${date.toISOString().slice(11, 23)} ${logLevel.toUpperCase()} ${words.join(" ")}`)
        })
      ])
    )
  }))

/** Cuts a line to a width. Escape codes do not count. */
export const cut = (line: string, columns: number): string => {
  let width = 0
  let out = ""
  for (const [part] of line.matchAll(pieces)) {
    if (part.startsWith("\x1b")) {
      out += part
    } else {
      width += widthOf(part)
      if (width <= columns) out += part
    }
  }
  return out
}

// An escape code for a style, or one character.
// oxlint-disable-next-line no-control-regex
const pieces = /\x1b\[[0-9;]*m|[^]/gu
