/**
 * The embedded receiver as the target: started as a child process, asked over
 * its standard input and output.
 *
 * It ends with the scope, and also when this process is killed, because then
 * its standard input ends.
 */
import * as Effect from "effect/Effect"
import * as ChildProcess from "effect/process/ChildProcess"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { fileURLToPath } from "node:url"
import { type Shape, TargetError } from "./Target.ts"

const Started = Schema.fromJsonString(Schema.Struct({ port: Schema.Int, receiveBufferBytes: Schema.Int }))

const Counts = Schema.fromJsonString(Schema.Struct({
  points: Schema.Int,
  rows: Schema.Int,
  errors: Schema.Int,
  drops: Schema.optionalKey(Schema.Int)
}))

/** Starts the receiver for the life of the scope. */
export const make = Effect.fnUntraced(function*(run: string) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const questions = yield* Queue.unbounded<Uint8Array>()
  const answers = yield* Queue.unbounded<string, TargetError>()
  const program = fileURLToPath(new URL("./receiver.ts", import.meta.url))
  const child = yield* spawner.spawn(ChildProcess.make(process.execPath, [program, run], {
    stdin: Stream.fromQueue(questions),
    stderr: "inherit",
    forceKillAfter: "2 seconds"
  })).pipe(Effect.mapError((error) => failure(error.message)))
  yield* child.stdout.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => Queue.offer(answers, line)),
    Effect.ignore,
    Effect.andThen(Queue.fail(answers, failure("it has ended"))),
    Effect.forkScoped
  )

  const answer = Queue.take(answers).pipe(
    Effect.timeoutOrElse({ duration: "10 seconds", orElse: () => Effect.fail(failure("it does not answer")) })
  )
  const { port, receiveBufferBytes } = yield* read(Started, answer)
  return {
    label: `embedded receiver (process ${child.pid}, ${Math.round(receiveBufferBytes / 1024)} KiB of buffer)`,
    host: "127.0.0.1",
    port,
    stored: Effect.gen(function*() {
      yield* Queue.offer(questions, new TextEncoder().encode("count\n"))
      const { drops, errors, rows } = yield* read(Counts, answer)
      return { rows, kernelDrops: drops, errors }
    })
  } satisfies Shape
})

const failure = (message: string) => new TargetError({ message: `the embedded receiver: ${message}` })

const read = <A>(schema: Schema.Codec<A, string>, line: Effect.Effect<string, TargetError>) =>
  Effect.flatMap(line, (line) =>
    Effect.mapError(
      Schema.decodeUnknownEffect(schema)(line),
      () => failure(`an answer that makes no sense: ${line}`)
    ))
