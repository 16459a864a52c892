/**
 * The other end of `Program.ts`: what a program under test reads and writes.
 *
 * Requests come as JSON lines on standard input, answers go out as JSON lines on
 * standard output. When the input ends, whoever started the program is gone.
 */
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as ReadLine from "node:readline"

/** What a request carries beside its id and its command. */
export type Request = Readonly<Record<string, unknown>>

/** Answers one command, now or later. */
export type Handler = (request: Request) => unknown

const write = (message: object): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

/** Log lines become messages of their own. */
export const logger = Logger.layer([
  Logger.make((options) => write({ log: `${options.logLevel} ${String(options.message)}` }))
])

/** Answers requests until {@link Server.end}. */
export class Server {
  readonly #lines: ReadLine.Interface
  readonly #handlers: Readonly<Record<string, Handler>>
  #ended = false

  constructor(handlers: Readonly<Record<string, Handler>>) {
    this.#handlers = { ready: () => true, ...handlers }
    this.#lines = ReadLine.createInterface({ input: process.stdin })
    this.#lines.on("line", (line) => void this.#answer(JSON.parse(line)))
    this.#lines.on("close", () => {
      if (!this.#ended) process.exit(3)
    })
  }

  /** Reads no more requests, so that nothing of this keeps the process alive. */
  end(): void {
    this.#ended = true
    this.#lines.close()
    process.stdin.destroy()
  }

  async #answer(request: Request): Promise<void> {
    const { command, id } = request
    try {
      const handler = this.#handlers[String(command)]
      if (handler === undefined) throw new Error(`does not know "${String(command)}"`)
      write({ id, answer: await handler(request) ?? null })
    } catch (error) {
      write({ id, error: error instanceof Error ? error.message : String(error) })
    }
  }
}

/** The only argument of the program, as its parent gave it. */
export const options = <A>(): A => JSON.parse(process.argv[2] ?? "{}") as A

/** Milliseconds of a clock that all processes of this machine share. */
export const machineMillis = (): number => Number(process.hrtime.bigint()) / 1e6

/** A number of a request. */
export const number = (request: Request, name: string): number => {
  const value = request[name]
  if (typeof value !== "number") throw new Error(`needs a number "${name}"`)
  return value
}

/** Runs an effect for a handler. */
export const run = <A>(effect: Effect.Effect<A>): Promise<A> => Effect.runPromise(effect)
