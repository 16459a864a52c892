/**
 * The embedded receiver, a program of its own: stands in for a server where
 * there is none. It runs in its own process, so that it shares neither the event
 * loop nor the garbage collector with what it measures.
 *
 * `node receiver.ts RUN` binds a UDP port and says so in one line of JSON on its
 * standard output. To each line on its standard input it answers with the counts
 * so far, in one line of JSON. It ends with its standard input.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeStdio from "@effect/platform-node/NodeStdio"
import * as UdpSink from "@efflux/testkit/UdpSink"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as Os from "node:os"
import { Tally } from "./Tally.ts"

// A kernel's default buffer holds some 90 payloads, 20 ms at a database's default pacing. So while payloads come in they
// are only kept, and decoded in pauses and when the counts are asked for.
const pause = 300
const payloadsPerTurn = 8

/** On a busy machine the receiver must get its turn before the kernel's buffer is full. Root alone may ask for that. */
const goFirst = Effect.ignore(Effect.try(() => Os.setPriority(Os.constants.priority.PRIORITY_HIGH)))

const receiver = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  yield* goFirst
  const [run = ""] = yield* stdio.args
  const sink = yield* UdpSink.make({ receiveBufferBytes: 8 * 1024 * 1024 })
  const tally = new Tally(run)

  const say = (value: object) => Stream.run(Stream.make(`${JSON.stringify(value)}\n`), stdio.stdout())

  const decode = Effect.gen(function*() {
    const payloads = sink.payloads
    yield* sink.clear
    for (const [index, payload] of payloads.entries()) {
      tally.add(payload)
      if (index % payloadsPerTurn === payloadsPerTurn - 1) yield* Effect.yieldNow
    }
  })
  const decodeInPauses = Effect.gen(function*() {
    const before = sink.payloads.length
    yield* Effect.sleep(pause)
    if (sink.payloads.length === before) yield* decode
  })

  yield* say({ port: sink.port, receiveBufferBytes: sink.receiveBufferBytes })
  const answering = stdio.stdin.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach(() =>
      Effect.gen(function*() {
        yield* decode
        yield* say({ ...tally.counts, drops: yield* sink.drops })
      })
    )
  )
  // A receiver that can't count must not go on answering.
  yield* Effect.raceFirst(answering, Effect.forever(decodeInPauses))
}).pipe(Effect.scoped, Effect.provide(NodeStdio.layer))

NodeRuntime.runMain(receiver)
