/** A database and its page, on a free port. */
import { Effect, Layer, Metric } from "effect"
import { Influx, InfluxDatabase, Transport } from "efflux"
import { Panel } from "../src/index.ts"

/** What a program with a page has: one database of this name, which sends nowhere. */
export const page = (name: string, options?: Panel.ServerOptions) =>
  Layer.merge(
    InfluxDatabase.layerTransport({ name, queueCapacity: 1000 }).pipe(Layer.provide(Transport.layerNoop)),
    Panel.layerServer({ interval: "100 millis", ...options })
  ).pipe(Layer.provideMerge(Panel.layerLogs), Layer.provideMerge(Layer.succeed(Metric.MetricRegistry, new Map())))

export const push = (count: number) =>
  Influx.pushAll(Array.from({ length: count }, (_, n) => ({ measurement: "m", fields: { n } })))

/** The events of a page as they arrive: the first `count` of them. */
export const events = (url: string, count: number) =>
  Effect.promise(async (signal) => {
    const response = await fetch(`${url}events`, { signal })
    const found: Array<any> = []
    let text = ""
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const blocks = text.split("\n\n")
      text = blocks.pop()!
      for (const block of blocks) {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block)!
        found.push({ event, data: JSON.parse(data!) })
        if (found.length === count) return found
      }
    }
    return found
  })

/** Looks again and again until what is seen is accepted. */
export const until = <A, E, R>(look: Effect.Effect<A, E, R>, accept: (seen: A) => boolean): Effect.Effect<A, E, R> =>
  Effect.repeat(Effect.delay(look, 10), { until: accept })
