/** The alert rules of docs/alerts.yml, evaluated against what the exporter prints. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { Influx, InfluxDatabase, Transport } from "efflux"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { parse } from "yaml"
import { dropReasons } from "../../packages/efflux/src/internal/database/Ledger.ts"

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: { readonly summary: string }
}

const file = Path.resolve(import.meta.dirname, "../../docs/alerts.yml")
const text = Fs.readFileSync(file, "utf8")
const { groups } = parse(text) as { groups: ReadonlyArray<{ name: string; rules: ReadonlyArray<Rule> }> }
const rules = groups.flatMap((group) => group.rules)

/** What a database shows, as Prometheus reads it. */
const exported = Effect.gen(function*() {
  yield* Influx.push({ measurement: "m", fields: { n: 1 } })
  yield* Influx.flush
  return yield* PrometheusMetrics.format()
}).pipe(
  Effect.provide(Layer.provide(InfluxDatabase.layerTransport({ name: "metrics" }), Transport.layerNoop)),
  Effect.provideService(Metric.MetricRegistry, new Map())
)

const vmalert = ["/usr/bin/vmalert", "/usr/local/bin/vmalert"].find((path) => Fs.existsSync(path))

describe("docs/alerts.yml", () => {
  it.effect("asks only for metrics, reasons and labels that the exporter prints", () =>
    Effect.gen(function*() {
      const lines = (yield* exported).split("\n").filter((line) => line.startsWith("efflux_"))
      const shown = new Set(lines.map((line) => /^\w+/.exec(line)![0]))
      assert.isAtLeast(rules.length, 5)
      for (const { annotations, expr } of rules) {
        const names = [...expr.matchAll(/efflux_\w+/g)].map(([name]) => name)
        assert.isAtLeast(names.length, 1, expr)
        for (const name of names) assert.isTrue(shown.has(name), name)
        for (const [, name, reasons] of expr.matchAll(/(efflux_\w+)\{reason=~?"([^"]+)"\}/g)) {
          for (const reason of reasons!.split("|")) {
            assert.isTrue(
              lines.some((line) => line.startsWith(`${name}{`) && line.includes(`reason="${reason}"`)),
              `${name} has no reason "${reason}"`
            )
          }
        }
        const kept = [...expr.matchAll(/\bby \(([^)]+)\)/g)].map(([, labels]) => labels!.split(", "))
        for (const label of kept.flat()) assert.isTrue(lines.some((line) => line.includes(`${label}="`)), label)
        for (const [, label] of annotations.summary.matchAll(/\$labels\.(\w+)/g)) {
          assert.isTrue(lines.some((line) => line.includes(`${label}="`)), label)
          // A label that a sum drops can't be in its annotations.
          for (const labels of kept) assert.include(labels, label, expr)
        }
      }
    }))

  it("has a rule for each reason for which a point is dropped", () => {
    const named = rules.flatMap(({ expr }) =>
      [...expr.matchAll(/reason=~?"([^"]+)"/g)].flatMap(([, all]) => all!.split("|"))
    )
    assert.sameMembers(named, [...dropReasons])
  })

  it.skipIf(vmalert === undefined && process.env.CI !== "true")("is taken by a rule engine", () => {
    assert.isDefined(vmalert, "vmalert is missing: apt-get install victoria-metrics")
    const { status, stderr, stdout } = spawnSync(vmalert!, ["-dryRun", `-rule=${file}`], { encoding: "utf8" })
    assert.strictEqual(status, 0, `${stdout}${stderr}`)
    // It refuses a wrong rule, so the check can fail.
    using temporary = Fs.mkdtempDisposableSync(Path.join(import.meta.dirname, "rules-"))
    const folder = temporary.path
    const wrong = Path.join(folder, "wrong.yml")
    Fs.writeFileSync(wrong, text.replace("rate(efflux_refusals[5m]) > 0", "rate(efflux_refusals[5m] > 0"))
    assert.notStrictEqual(spawnSync(vmalert!, ["-dryRun", `-rule=${wrong}`]).status, 0)
  })
})
