/** Metrics as points: every type, every layout, both temporalities, and names that no line can hold. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Metric, Result } from "effect"
import { Dialect, LineProtocol, MetricsExporter } from "efflux"
import { goFloat } from "../../src/internal/series/CleanName.ts"

/** A registry of its own, and what is read from it. */
const registry = () => {
  const context = Context.make(Metric.MetricRegistry, new Map())
  return {
    context,
    update: <Input>(metric: Metric.Metric<Input, unknown>, ...inputs: ReadonlyArray<NoInfer<Input>>) =>
      inputs.forEach((input) => metric.updateUnsafe(input, context)),
    snapshot: () => Metric.snapshotUnsafe(context)
  }
}

const lines = (result: ReturnType<typeof MetricsExporter.toPoints>) =>
  result.points.map((point) => {
    const encoded = LineProtocol.encode(point)
    return encoded._tag === "Success" ? encoded.success : String(encoded.failure)
  })

/** One metric of each type, with values. */
const everyType = () => {
  const { snapshot, update } = registry()
  update(Metric.counter("requests", { attributes: { route: "/users" } }), 3, 0.5)
  update(Metric.counter("bytes", { bigint: true, incremental: true }), 9007199254740993n)
  update(Metric.gauge("load"), 0.25)
  update(Metric.gauge("offset", { bigint: true }), -9223372036854775808n)
  update(Metric.frequency("status"), "ok", "not found", "ok")
  update(Metric.histogram("size", { boundaries: [10, 0.5, 2_500_000, Infinity] }), 0.5, 7, 7, 3e6)
  update(
    Metric.summary("latency", { maxAge: "1 minute", maxSize: 10, quantiles: [0.5, 0.99], attributes: { unit: "s" } }),
    1,
    2,
    4
  )
  return snapshot()
}

describe("toPoints", () => {
  it("writes each type in the layout of Efflux: counts as integers, extremes, boundaries and quantiles as fields", () => {
    assert.deepStrictEqual(lines(MetricsExporter.toPoints(everyType())), [
      "requests,route=/users count=3.5",
      "bytes count=9007199254740993i",
      "load value=0.25",
      "offset value=-9223372036854775808i",
      "status,word=ok count=2i",
      "status,word=not\\ found count=1i",
      "size count=4i,sum=3000014.5,min=0.5,max=3000000,le_0.5=1i,le_10=3i,le_2500000=3i",
      "latency count=3i,sum=7,min=1,max=4,q_0.5=2,q_0.99=4"
    ])
  })

  it("writes each type as Telegraf's Prometheus input does with metric_version = 1", () => {
    assert.deepStrictEqual(lines(MetricsExporter.toPoints(everyType(), { layout: "telegraf-prometheus-v1" })), [
      "requests,route=/users counter=3.5",
      "bytes counter=9007199254740992",
      "load gauge=0.25",
      "offset gauge=-9223372036854776000",
      "status,key=ok counter=2",
      "status,key=not\\ found counter=1",
      "size 10=3,count=4,sum=3000014.5,0.5=1,2.5e+06=3,+Inf=4",
      "latency count=3,sum=7,0.5=2,0.99=4"
    ])
  })

  it("writes each type as Telegraf's Prometheus input does with metric_version = 2", () => {
    assert.deepStrictEqual(
      lines(MetricsExporter.toPoints(everyType(), { layout: "telegraf-prometheus-v2", prefix: "shop_" })),
      [
        "prometheus,route=/users shop_requests=3.5",
        "prometheus shop_bytes=9007199254740992",
        "prometheus shop_load=0.25",
        "prometheus shop_offset=-9223372036854776000",
        "prometheus,key=ok shop_status=2",
        "prometheus,key=not\\ found shop_status=1",
        "prometheus shop_size_count=4,shop_size_sum=3000014.5",
        "prometheus,le=0.5 shop_size_bucket=1",
        "prometheus,le=10 shop_size_bucket=3",
        "prometheus,le=2.5e+06 shop_size_bucket=3",
        "prometheus,le=+Inf shop_size_bucket=4",
        "prometheus shop_latency_count=3,shop_latency_sum=7",
        "prometheus,quantile=0.5 shop_latency=2",
        "prometheus,quantile=0.99 shop_latency=4"
      ]
    )
  })

  it("leaves out what a metric does not have: extremes and quantiles without values, NaN, infinities, empty points", () => {
    const { context, snapshot, update } = registry()
    const histogram = Metric.histogram("h", { boundaries: [1] })
    histogram.valueUnsafe(context)
    Metric.summary("s", { maxAge: "1 minute", maxSize: 10, quantiles: [0.5] }).valueUnsafe(context)
    Metric.frequency("f").valueUnsafe(context)
    update(Metric.gauge("g"), Number.NaN)
    update(Metric.gauge("inf"), Number.POSITIVE_INFINITY)
    update(Metric.counter("c"), Number.NaN)
    assert.deepStrictEqual(lines(MetricsExporter.toPoints(snapshot())), [
      "h count=0i,sum=0,le_1=0i",
      "s count=0i,sum=0"
    ])
    // An observed NaN is counted, but is neither minimum nor maximum.
    update(histogram, Number.NaN)
    assert.strictEqual(lines(MetricsExporter.toPoints(snapshot()))[0], "h count=1i,le_1=0i")
    assert.deepStrictEqual(lines(MetricsExporter.toPoints(snapshot(), { layout: "telegraf-prometheus-v2" })), [
      "prometheus h_count=1",
      "prometheus,le=1 h_bucket=0",
      "prometheus,le=+Inf h_bucket=1",
      "prometheus s_count=0,s_sum=0"
    ])
  })

  it("counts deltas from the baseline: what is new, zero for what stands still, all of what began anew", () => {
    const { context, snapshot, update } = registry()
    const counter = Metric.counter("c", { incremental: true })
    const upDown = Metric.counter("u")
    const big = Metric.counter("b", { bigint: true })
    const words = Metric.frequency("f")
    const sizes = Metric.histogram("h", { boundaries: [1, 10] })
    const times = Metric.summary("s", { maxAge: "1 minute", maxSize: 10, quantiles: [0.5] })
    const gauge = Metric.gauge("g")
    let baseline: MetricsExporter.Baseline | undefined
    const export_ = () => {
      const result = MetricsExporter.toPoints(snapshot(), { temporality: "delta", baseline })
      // The call does not change the baseline that it is given.
      assert.deepStrictEqual(
        MetricsExporter.toPoints(snapshot(), { temporality: "delta", baseline }).points,
        result.points
      )
      baseline = result.baseline
      return lines(result)
    }
    update(counter, 5)
    update(upDown, 5)
    update(big, 2n ** 60n)
    update(words, "a", "a")
    update(sizes, 1, 5)
    update(times, 3)
    update(gauge, 7)
    const first = [
      "c count=5",
      "u count=5",
      "b count=1152921504606846976i",
      "f,word=a count=2i",
      "h count=2i,sum=6,min=1,max=5,le_1=1i,le_10=2i",
      "s count=1i,sum=3,min=3,max=3,q_0.5=3",
      "g value=7"
    ]
    assert.deepStrictEqual(export_(), first)
    update(counter, 2)
    update(upDown, -7)
    update(big, 1n)
    update(words, "b", "a")
    update(sizes, 20)
    assert.deepStrictEqual(export_(), [
      "c count=2",
      "u count=-7",
      "b count=1i",
      "f,word=a count=1i",
      "f,word=b count=1i",
      "h count=1i,sum=20,le_1=0i,le_10=0i",
      "s count=0i,sum=0,q_0.5=3",
      "g value=7"
    ])
    // A metric that was missing in one export starts at zero again.
    for (const metric of [counter, upDown, big, words, sizes, times]) Metric.removeUnsafe<any, any>(metric, context)
    assert.deepStrictEqual(export_(), ["g value=7"])
    update(counter, 5)
    update(upDown, 5)
    update(big, 2n ** 60n)
    update(words, "a", "a")
    update(sizes, 1, 5)
    update(times, 3)
    assert.deepStrictEqual(export_().toSorted(), first.toSorted())
    // A metric that came back between two exports: a smaller value means that it started again.
    Metric.removeUnsafe(counter, context)
    Metric.removeUnsafe(sizes, context)
    update(counter, 3)
    update(sizes, 0)
    const again = export_()
    assert.include(again, "c count=3")
    assert.include(again, "h count=1i,sum=0,min=0,max=0,le_1=1i,le_10=1i")
  })

  it("cleans names that no line can hold, and every point can be encoded", () => {
    const names = "a\nb|#c|d\\|e\\ f|\ud800||time|\u0000|#|__proto__|g h,i=j|\"q\"|漢".split("|")
    const { snapshot, update } = registry()
    for (const name of names) update(Metric.counter(`m${name}`, { attributes: { [`k${name}`]: `v${name}` } }), 1)
    for (const name of names) update(Metric.gauge(name, { attributes: [[name, name]] }), 1)
    for (const layout of ["efflux", "telegraf-prometheus-v1", "telegraf-prometheus-v2"] as const) {
      const result = MetricsExporter.toPoints(snapshot(), { layout })
      for (const point of result.points) {
        for (const dialect of ["influx-1", "influx-2", "influx-3", "victoria-metrics"] as const) {
          const encoded = LineProtocol.encode(point, { dialect })
          assert.strictEqual(encoded._tag, "Success", `${JSON.stringify(point.measurement)} ${String(encoded)}`)
        }
      }
      // "" and "\0" and "\ud800" all become "_": the first is kept, the others are reported.
      assert.isNotEmpty(result.problems)
      assert.strictEqual(result.points.length + result.problems.length, 2 * names.length)
    }
    const cleaned = MetricsExporter.toPoints(snapshot()).points
    assert.deepStrictEqual(cleaned.slice(0, 4).map(({ measurement, tags }) => [measurement, tags]), [
      ["ma_b", { "ka_b": "va_b" }],
      ["m#c", { "k#c": "v#c" }],
      ["md_", { "kd_": "vd_" }],
      ["me_ f", { "ke_ f": "ve_ f" }]
    ] as any)
  })

  it("tells collisions and leaves out the later: equal after cleaning, by unit only, by type in one field", () => {
    const cases: ReadonlyArray<[MetricsExporter.LayoutName, (update: ReturnType<typeof registry>["update"]) => void]> =
      [
        ["efflux", (update) => {
          update(Metric.counter("a\nb"), 1)
          update(Metric.counter("a_b"), 2)
        }],
        ["efflux", (update) => {
          update(Metric.gauge("t", { attributes: { unit: "s" } }), 1)
          update(Metric.gauge("t", { attributes: { time_unit: "milliseconds" } }), 2)
        }],
        ["telegraf-prometheus-v2", (update) => {
          update(Metric.counter("x"), 1)
          update(Metric.gauge("x"), 2)
        }],
        ["efflux", (update) => {
          update(Metric.counter("x", { attributes: { a: "1", b: "2" } }), 1)
          update(Metric.counter("x", { attributes: { b: "2", a: "1", unit: "s" } }), 2)
        }]
      ]
    for (const [layout, fill] of cases) {
      const { snapshot, update } = registry()
      fill(update)
      const { points, problems } = MetricsExporter.toPoints(snapshot(), { layout })
      assert.strictEqual(points.length, 1)
      assert.strictEqual(Object.values(points[0]!.fields)[0], 1)
      assert.strictEqual(problems.length, 1)
      assert.include(problems[0]!.detail, "left out")
    }
    // Two fields of one series are no collision.
    const { snapshot, update } = registry()
    update(Metric.counter("x"), 1)
    update(Metric.gauge("x"), 2)
    assert.deepStrictEqual(MetricsExporter.toPoints(snapshot()).problems, [])
  })

  it("keeps an attribute that has the name of a layout's own tag", () => {
    const { snapshot, update } = registry()
    update(Metric.frequency("f", { attributes: { key: "mine" } }), "word")
    update(Metric.histogram("h", { boundaries: [1], attributes: { le: "mine", key: "other" } }), 1)
    assert.deepStrictEqual(lines(MetricsExporter.toPoints(snapshot(), { layout: "telegraf-prometheus-v2" })), [
      "prometheus,exported_key=mine,key=word f=1",
      "prometheus,key=other,le=mine h_count=1,h_sum=1",
      "prometheus,exported_le=mine,key=other,le=1 h_bucket=1",
      "prometheus,exported_le=mine,key=other,le=+Inf h_bucket=1"
    ])
  })

  it("keeps it under another name than every other attribute", () => {
    const { snapshot, update } = registry()
    const attributes = { word: "1", exported_word: "2", exported_exported_word: "3" }
    update(Metric.frequency("f", { attributes }), "x")
    const [point] = MetricsExporter.toPoints(snapshot()).points
    assert.deepStrictEqual(point.tags, {
      word: "x",
      exported_word: "2",
      exported_exported_word: "3",
      exported_exported_exported_word: "1"
    })
  })

  it("writes attributes that every dialect accepts, also of callers without types", () => {
    const { snapshot, update } = registry()
    const odd = { __name__: "n", "a\"b": "c\"d", status: 200, ok: true, none: undefined, nil: null, empty: "" }
    update(Metric.counter("c", { attributes: odd as unknown as Record<string, string> }), 1)
    const { points: [point], problems } = MetricsExporter.toPoints(snapshot())
    assert.deepStrictEqual(problems, [])
    assert.deepStrictEqual(point.tags, { __name___: "n", "a\"b": "c\"d", status: "200", ok: "true" })
    for (const dialect of Dialect.all) assert.isTrue(Result.isSuccess(LineProtocol.encode(point, { dialect })), dialect)
  })

  it("takes options that are undefined, and throws for a wrong one by its name", () => {
    const { snapshot, update } = registry()
    update(Metric.counter("c"), 2)
    const points = (options: object) => lines(MetricsExporter.toPoints(snapshot(), options))
    assert.deepStrictEqual(
      points({
        layout: undefined,
        temporality: undefined,
        prefix: undefined,
        timestamp: undefined,
        baseline: undefined
      }),
      ["c count=2"]
    )
    assert.throws(() => points({ layout: "telegraf" }), TypeError, /"layout" is "telegraf", allowed is one of "efflux"/)
    assert.throws(() => points({ perfix: "a" }), TypeError, /Did you mean "prefix"/)
  })

  it("names boundaries as Go prints them", () => {
    // What fmt.Sprint and strconv.FormatFloat(v, 'g', -1, 64) of Go 1.19 give.
    const go: ReadonlyArray<[number, string]> = [
      [0.5, "0.5"],
      [100000, "100000"],
      [999999, "999999"],
      [1000000, "1e+06"],
      [1234567.5, "1.2345675e+06"],
      [1e21, "1e+21"],
      [0.0001, "0.0001"],
      [0.00001, "1e-05"],
      [-3.25, "-3.25"],
      [0, "0"],
      [Infinity, "+Inf"],
      [5e-324, "5e-324"]
    ]
    for (const [value, text] of go) assert.strictEqual(goFloat(value), text)
  })

  it.effect("reads the summary's quantiles by the clock of the context", () =>
    Effect.gen(function*() {
      const summary = Metric.summary("s", { maxAge: "1 minute", maxSize: 4, quantiles: [0.5] })
      yield* Metric.update(summary, 4)
      const { points } = MetricsExporter.toPoints(yield* Metric.snapshot)
      assert.strictEqual(points[0]!.fields["q_0.5"], 4)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))
})
