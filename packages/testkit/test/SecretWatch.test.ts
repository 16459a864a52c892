import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Metric, Redacted } from "effect"
import { SecretWatch } from "../src/index.ts"
import { runVitest } from "./fixtures/vitest.ts"

const secret = "s3cr3t/to ken+1"

class Hidden {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  get shown(): string {
    return this.#value
  }
}

const leaks: ReadonlyArray<readonly [string, unknown]> = [
  ["a text", `before ${secret} after`],
  ["a percent-encoded text", `http://x/?token=${encodeURIComponent(secret)}`],
  ["Base64 of user and password", `Basic ${btoa(`u:${secret}`)}`],
  ["Base64 at another position", `Basic ${btoa(`us:${secret}!`)}`],
  ["Base64 at a third position", `Basic ${btoa(`usr:${secret}!!`)}`],
  ["hexadecimal", Buffer.from(secret).toString("hex")],
  ["a property", { a: [{ b: secret }] }],
  ["the name of a property", { [secret]: 1 }],
  ["a hidden property", Object.defineProperty({}, "a", { value: secret, enumerable: false })],
  ["a symbol", { a: Symbol(secret) }],
  ["a getter of a class", new Hidden(secret)],
  ["a map", new Map([["a", { b: secret }]])],
  ["bytes", Buffer.from(`m v=1 ${secret}`)],
  ["the cause of an error", new Error("x", { cause: new Error(secret) })],
  ["a cause", Cause.fail({ reason: secret })],
  ["a function's property", Object.assign(() => {}, { token: secret })]
]

describe("SecretWatch", () => {
  it.each(leaks)("finds the secret in %s", (_name, value) => {
    const watch = SecretWatch.make(secret)
    watch.look("here", value)
    assert.isAbove(watch.found.length, 0)
    assert.include(watch.found[0], "here")
  })

  it("does not find it where it is redacted", () => {
    const watch = SecretWatch.make(secret)
    watch.look("here", { token: Redacted.make(secret, { label: "token" }), map: new Map([[1, "other"]]) })
    assert.deepStrictEqual(watch.found, [])
    assert.isAbove(watch.looked, 5)
  })

  const programs: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown>]> = [
    ["the message of a log line", Effect.logInfo(`token ${secret}`)],
    ["an object in a log line", Effect.logDebug({ headers: { authorization: secret } })],
    ["the cause of a log line", Effect.logError("failed", Cause.fail(new Error(secret)))],
    ["an annotation of a log line", Effect.logInfo("x").pipe(Effect.annotateLogs("token", secret))],
    ["the attribute of a span", Effect.void.pipe(Effect.withSpan("x", { attributes: { url: `u?t=${secret}` } }))],
    ["the defect of a span", Effect.die(new Error(secret)).pipe(Effect.withSpan("x"))],
    ["an attribute of a metric", Metric.update(Metric.counter("x", { attributes: { token: secret } }), 1)]
  ]
  for (const [name, program] of programs) {
    it.effect(`finds the secret in ${name}`, () =>
      Effect.gen(function*() {
        const watch = SecretWatch.make(secret)
        yield* program.pipe(Effect.ignoreCause, Effect.provide(watch.layer))
        yield* watch.lookAtMetrics
        assert.isAbove(watch.found.length, 0)
      }).pipe(
        Effect.provideService(Metric.MetricRegistry, new Map())
      ))
  }

  it.effect("finds it in how an effect ends, and passes that on", () =>
    Effect.gen(function*() {
      const watch = SecretWatch.make(secret)
      assert.strictEqual(yield* Effect.flip(watch.watch("failing", Effect.fail(secret))), secret)
      assert.strictEqual(yield* watch.watch("succeeding", Effect.succeed(1)), 1)
      assert.isTrue(watch.found.every((text) => text.startsWith("failing")))
      assert.isAbove(watch.found.length, 0)
    }))
})

describe("SecretReporter", () => {
  it("lets a run pass that shows no secret", async () => {
    const { code, output } = await runVitest("leak", { LEAK: "none" })
    assert.strictEqual(code, 0, output)
  })

  it.each(["plain", "base64"])("fails a run whose tests pass and that shows a secret (%s)", async (leak) => {
    const { code, output } = await runVitest("leak", { LEAK: leak })
    assert.match(output, /Tests\s+1 passed/)
    assert.include(output, "A secret was shown")
    assert.strictEqual(code, 1)
  })
})
