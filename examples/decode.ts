/**
 * How do I read line protocol?
 *
 *     node examples/decode.ts < points.txt
 *
 * Prints each point as JSON, and each bad line with its position. A bad line does not end the stream.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Result, Stdio, Stream } from "effect"
import { LineProtocol } from "efflux"

// JSON has no bigint.
const json = (value: unknown) => JSON.stringify(value, (_, value) => typeof value === "bigint" ? `${value}` : value)

const program = Effect.gen(function*() {
  const { stdin } = yield* Stdio.Stdio
  yield* stdin.pipe(
    LineProtocol.decodeStream({ precision: "ns", dialect: "influx-1" }),
    Stream.runForEach(Result.match({
      onSuccess: (point) => Console.log(json(point)),
      onFailure: (error) => Console.error(error.message)
    }))
  )
})

program.pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
