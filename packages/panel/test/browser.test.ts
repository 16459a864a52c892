/** The page in a real browser. */
import { assert, describe, it } from "@effect/vitest"
import * as Browser from "@efflux/testkit/Browser"
import { hasChromium } from "@efflux/testkit/chromium"
import { Clock, Effect, Exit, Layer, Scope } from "effect"
import { Influx } from "efflux"
import * as Http from "node:http"
import { Panel } from "../src/index.ts"
import { page, push } from "./support.ts"

const promise = <A>(evaluate: () => Promise<A>) => Effect.promise(evaluate)

const shows = (...of: Parameters<typeof Browser.shows>) => promise(() => Browser.shows(...of))

const quiet = ({ complaints, hosts }: Browser.Tab, url: string) => {
  assert.deepStrictEqual(complaints, [])
  assert.deepStrictEqual([...hosts].filter((host) => host !== ""), [new URL(url).host])
}

const format = (n: number) => n.toLocaleString("en")

describe.skipIf(!hasChromium)("in a browser", () => {
  it.live("the plots move, and the numbers are those of Influx.stats", () =>
    Effect.gen(function*() {
      const url = yield* Panel.url
      const tab = yield* Browser.open(url)
      yield* shows(tab, "h2", "shown")
      const pixels = () =>
        promise(() => tab.page.evaluate(() => document.querySelector<HTMLCanvasElement>(".rates canvas")!.toDataURL()))
      const before = yield* pixels()
      for (let i = 0; i < 5; i++) {
        yield* push(3000)
        yield* Effect.sleep(120)
      }
      yield* Influx.flush
      const { droppedTotal, pushed, sent } = yield* Influx.stats
      yield* shows(
        tab,
        ".sum",
        `${format(pushed)} pushed = ${format(sent)} sent + ${
          format(droppedTotal)
        } dropped + 0 queued + 0 in flight: the sum holds`
      )
      assert.notStrictEqual(yield* pixels(), before)
      yield* promise(() => tab.page.locator(".info summary").click())
      yield* shows(tab, ".info dl", "queueCapacity1000")
      yield* shows(tab, ".figures div", "time to drain0.0 s")
      quiet(tab, url)
    }).pipe(Effect.scoped, Effect.provide(page("shown"))))

  /** Answers every request with an error, as what stands before a program does while it is away: until two were asked. */
  const errors = (port: number) =>
    promise(() =>
      new Promise<void>((resolve) => {
        let asked = 0
        const server = Http.createServer((_, response) => {
          response.writeHead(503, { connection: "close" }).end()
          if (++asked === 2) server.close(() => resolve())
        }).listen(port, "127.0.0.1")
      })
    )

  it.live.each([
    { meanwhile: "nothing answers", between: () => Effect.void },
    { meanwhile: "errors answer", between: errors }
  ])("it outlives the program, and shows the next one: $meanwhile meanwhile", ({ between }) =>
    Effect.gen(function*() {
      const first = yield* Scope.make()
      const context = yield* Layer.buildWithScope(page("first"), first)
      const url = yield* Effect.provide(Panel.url, context)
      const port = Number(new URL(url).port)
      const tab = yield* Browser.open(url)
      yield* Effect.provide(push(10), context)
      yield* shows(tab, ".sum", "10 pushed")
      yield* Scope.close(first, Exit.void)
      yield* shows(tab, "#connection", "not connected")
      yield* between(port)
      yield* Effect.gen(function*() {
        yield* push(3)
        yield* shows(tab, "#connection", "live")
        yield* shows(tab, "h2", "second")
        yield* shows(tab, ".sum", "3 pushed")
        assert.strictEqual(yield* promise(() => tab.page.locator("h2", { hasText: "first" }).count()), 0)
      }).pipe(Effect.provide(page("second", { port })))
    }).pipe(Effect.scoped))

  it.live("a hidden tab leaves its connection to others, and shows what happened meanwhile when it is seen again", () =>
    Effect.gen(function*() {
      const tab = yield* Browser.open(yield* Panel.url)
      yield* shows(tab, ".sum", "0 pushed")
      const setHidden = (hidden: boolean) =>
        promise(() =>
          tab.page.evaluate((hidden) => {
            Object.defineProperty(document, "hidden", { configurable: true, value: hidden })
            document.dispatchEvent(new Event("visibilitychange"))
          }, hidden)
        )
      // A browser has six connections to one host: five for others, one for this tab or for what loads next.
      yield* promise(() =>
        tab.page.evaluate(() => {
          Object.assign(globalThis, { others: [1, 2, 3, 4, 5].map(() => new EventSource("events")) })
        })
      )
      yield* setHidden(true)
      yield* push(7)
      assert.isTrue(yield* promise(() => tab.page.evaluate(async () => (await fetch("panel.css")).ok)))
      yield* setHidden(false)
      yield* shows(tab, ".sum", "7 pushed")
    }).pipe(Effect.scoped, Effect.provide(page("hidden"))))

  it.live("shows no negative rate when the clock steps back", () =>
    Effect.gen(function*() {
      let step = 0
      const live = yield* Clock.Clock
      const clock = Object.create(live, {
        currentTimeMillisUnsafe: { value: () => live.currentTimeMillisUnsafe() + step }
      })
      const context = yield* Layer.build(page("stepped").pipe(Layer.provide(Layer.succeed(Clock.Clock, clock))))
      const tab = yield* Browser.open(yield* Effect.provide(Panel.url, context))
      yield* Effect.provide(push(10), context)
      yield* shows(tab, ".sum", "10 pushed")
      const shown: Array<string> = []
      yield* promise(() => tab.page.exposeFunction("tell", (text: string) => shown.push(text)))
      yield* promise(() =>
        tab.page.evaluate(() => {
          const list = document.querySelector(".figures")!
          new MutationObserver(() => (globalThis as any).tell(list.textContent)).observe(list, {
            childList: true,
            subtree: true
          })
        })
      )
      step = -3_600_000
      for (let pushed = 20; pushed < 70; pushed += 10) {
        yield* Effect.provide(push(10), context)
        yield* shows(tab, ".sum", `${pushed} pushed`)
      }
      assert.isNotEmpty(shown)
      assert.deepStrictEqual(shown.filter((text) => text.includes("-")), [])
    }).pipe(Effect.scoped))

  it.live("hostile names and log lines are text", () => {
    const hostile = `</title><img/src=x/onerror="alert(1)"><script>alert(2)</script>`
    return Effect.gen(function*() {
      const url = yield* Panel.url
      const tab = yield* Browser.open(url)
      yield* Influx.push({
        measurement: `<script>alert(3)</script>`,
        fields: { "<img src=x onerror=alert(4)>": {} as never }
      })
      yield* Influx.flush
      yield* shows(tab, "h2", "onerror")
      yield* shows(tab, "#logs li", "alert(3)")
      assert.strictEqual(yield* promise(() => tab.page.locator("img, .database script, #logs script").count()), 0)
      quiet(tab, url)
    }).pipe(Effect.scoped, Effect.provide(page(hostile)))
  })

  const looks = [
    { look: "light", options: { colorScheme: "light" } },
    { look: "dark", options: { colorScheme: "dark" } },
    { look: "phone", options: { colorScheme: "light", viewport: { width: 360, height: 740 } } }
  ] as const

  it.live.each(looks)(
    "an accessibility check finds nothing, and nothing is cut off: $look",
    ({ look, options }) =>
      Effect.gen(function*() {
        const url = yield* Panel.url
        const tab = yield* Browser.open(url, options)
        yield* push(5000)
        yield* shows(tab, ".sum", "5,000 pushed")
        yield* shows(tab, "#logs", "queue")
        const { overflow, violations } = yield* promise(() => Browser.flaws(tab))
        assert.deepStrictEqual(violations, [])
        assert.strictEqual(overflow, 0)
      }).pipe(Effect.scoped, Effect.provide(page(look)))
  )

  it.live("the keyboard reaches all that opens", () =>
    Effect.gen(function*() {
      const tab = yield* Browser.open(yield* Panel.url)
      yield* shows(tab, "h2", "keys")
      const interactive = yield* promise(() => tab.page.locator("summary:visible, a:visible, button:visible").count())
      const reached = new Set<string>()
      for (let i = 0; i <= interactive; i++) {
        yield* promise(() => tab.page.keyboard.press("Tab"))
        reached.add(yield* promise(() => tab.page.evaluate(() => document.activeElement?.textContent ?? "")))
      }
      assert.isAtLeast(reached.size, interactive)
    }).pipe(Effect.scoped, Effect.provide(page("keys"))))
})
