/** Each expression of the Grafana dashboard in docs/, evaluated by a real server that scraped a real database. */
import { assert } from "@effect/vitest"
import { VictoriaServer } from "@efflux/testkit"
import { describeVictoria } from "@efflux/testkit/realServer"
import { Effect, Layer, Metric } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { Influx, InfluxDatabase, Transport } from "efflux"
import * as Fs from "node:fs"

interface Panel {
  readonly title: string
  readonly targets: ReadonlyArray<{ readonly expr: string }>
}

const dashboard: { readonly panels: ReadonlyArray<Panel> } = JSON.parse(
  Fs.readFileSync(new URL("../../docs/grafana-dashboard.json", import.meta.url), "utf8")
)

/** Two scrapes of a database that sheds, a minute apart, as an exporter prints them, with times in milliseconds. */
const scrapes = (at: number) =>
  Effect.gen(function*() {
    const texts: Array<string> = []
    for (const time of [at - 60_000, at]) {
      yield* Influx.pushAll(Array.from({ length: 50 }, (_, n) => ({ measurement: "m", fields: { n } })))
      yield* Influx.push({ measurement: "m", fields: { n: 1, missing: Number.NaN } })
      yield* Influx.flush
      const text = yield* PrometheusMetrics.format()
      texts.push(text.split("\n").map((line) => line.startsWith("efflux_") ? `${line} ${time}` : line).join("\n"))
    }
    return texts.join("\n")
  }).pipe(
    Effect.provide(
      Layer.provide(
        InfluxDatabase.layerTransport({ name: "shop", queueCapacity: 10, batchSize: 10 }),
        Transport.layerNoop
      )
    ),
    Effect.provideService(Metric.MetricRegistry, new Map())
  )

describeVictoria("docs/grafana-dashboard.json", {}, (it) => {
  it.effect("asks what a server that scraped a database can answer, and finds no point unaccounted for", () =>
    Effect.gen(function*() {
      const { httpUrl } = yield* VictoriaServer.VictoriaServer
      // The server does not show the last half minute.
      const at = Math.floor(Date.now() / 1000) * 1000 - 120_000
      const body = yield* scrapes(at)
      const imported = yield* Effect.promise(() =>
        fetch(`${httpUrl}/api/v1/import/prometheus`, { method: "POST", body })
      )
      assert.isTrue(imported.ok)
      yield* Effect.promise(() => fetch(`${httpUrl}/internal/force_flush`))
      const ask = (expr: string) =>
        Effect.promise(async () => {
          const query = expr.replaceAll("$__rate_interval", "2m").replaceAll("$name", ".*")
          const response = await fetch(
            `${httpUrl}/api/v1/query?${new URLSearchParams({ query, time: String(at / 1000) })}`
          )
          const { data, error } = await response.json() as any
          assert.isUndefined(error, expr)
          return data.result as ReadonlyArray<{ readonly value: readonly [number, string] }>
        })
      assert.isAtLeast(dashboard.panels.length, 8)
      for (const { targets, title } of dashboard.panels) {
        assert.isAbove(targets.length, 0, title)
        for (const { expr } of targets) {
          const result = yield* ask(expr)
          assert.isAbove(result.length, 0, `${title}: ${expr}`)
          for (const { value: [, value] } of result) assert.isTrue(Number.isFinite(Number(value)), `${title}: ${value}`)
          if (title === "Unaccounted points") assert.deepStrictEqual(result.map(({ value }) => value[1]), ["0"])
        }
      }
    }))
})
