/** `efflux listen --web` as a process, in a real browser. */
import { assert, describe, it } from "@effect/vitest"
import { flaws, open, shows, type Tab } from "@efflux/testkit/Browser"
import { hasChromium } from "@efflux/testkit/chromium"
import * as Http from "node:http"
import { assertRefused, sendUdp, start, startInTerminal, untilTestEnds } from "./support/efflux.ts"

/** A listener, its UDP port, and its page in a browser. */
const withPage = async (use: (tab: Tab, port: number) => Promise<void>) => {
  const run = start(["listen", "--udp", "0", "--web", "--dialect", "influx-2"])
  const port = await run.port("udp")
  const [, url] = await run.printed(/watch it live: (http:\/\/127\.0\.0\.1:\d+\/)/)
  const tab = await untilTestEnds(open(url!))
  await use(tab, port)
  assert.deepStrictEqual(tab.complaints, [])
  assert.deepStrictEqual([...tab.hosts].filter((host) => host !== ""), [new URL(url!).host])
  run.child.kill("SIGINT")
  assert.strictEqual((await run.ended).code, 0)
}

describe.skipIf(!hasChromium)("efflux listen --web, in a browser", () => {
  it("shows what arrives: points, measurements with their last values, and bad lines with a caret", () =>
    withPage(async (tab, port) => {
      const pixels = () => tab.page.locator(".rates canvas").evaluate((canvas: any) => canvas.toDataURL() as string)
      await shows(tab, ".sum", "0 points and 0 bad lines in 0 payloads")
      const before = await pixels()
      await sendUdp(port, ["cpu,host=a load=0.5,n=8i\ncpu,host=b load=0.75,n=9i\nmem free=1i", "cpu v=high"])
      await shows(tab, ".sum", "3 points and 1 bad lines in 2 payloads")
      await shows(tab, ".measurements tr", "cpu2")
      assert.deepStrictEqual(
        (await tab.page.locator(".measurements tbody tr").first().locator("th, td").allTextContents()).toSpliced(2, 1),
        ["cpu", "2", "host (2 values)", "load=0.75, n=9i"]
      )
      await shows(tab, "#logs li", "line 1, column 7: expected a number")
      await shows(tab, "#logs pre", "  | cpu v=high\n  |       ^")
      assert.notStrictEqual(await pixels(), before)
      assert.match((await tab.page.locator("#place").textContent())!, /listening on udp:\/\/127\.0\.0\.1:\d+/)
    }))

  it("shows hostile names, values and lines as text", () =>
    withPage(async (tab, port) => {
      const hostile = "</title><img/src=x/onerror=alert(1)><script>alert(2)</script>"
      const key = hostile.replaceAll("=", "\\=")
      await sendUdp(port, [
        `${hostile},${key}=${key} ${key}="${hostile}"`,
        `${hostile} v=<script>alert(3)</script>`,
        "\u202em\u0007 v=1"
      ])
      await shows(tab, ".measurements th", "onerror=alert(1)")
      await shows(tab, "#logs pre", "alert(3)")
      await shows(tab, ".measurements th", "\\u{202e}m")
      assert.strictEqual(await tab.page.locator("img, main script").count(), 0)
    }))

  it("has nothing that an accessibility check finds, and nothing cut off on a phone", () =>
    withPage(async (tab, port) => {
      await sendUdp(port, [`cpu,host=a load=0.5 1\n${"m".repeat(200)},t=${"v".repeat(300)} v=1`, "cpu v=high"])
      await shows(tab, "#logs pre", "cpu v=high")
      await shows(tab, ".measurements th", "mmm")
      for (const width of [1200, 360]) {
        await tab.page.setViewportSize({ width, height: 800 })
        assert.deepStrictEqual(await flaws(tab), { violations: [], overflow: 0 })
      }
    }))
})

describe("efflux listen --web", () => {
  it("answers on loopback only, to requests that name it, and says its address in a terminal too", async () => {
    const run = startInTerminal(["listen", "--udp", "0", "--web"])
    const [, url] = await run.printed(/watch it live: (http:\/\/127\.0\.0\.1:\d+\/)/)
    assert.include(await (await fetch(url!)).text(), "efflux listen")
    const status = await new Promise((done) =>
      Http.get(url!, { headers: { host: "evil.example" } }, (response) => done(response.resume().statusCode))
    )
    assert.strictEqual(status, 403)
    run.child.stdin!.write("\x03")
    assert.strictEqual((await run.ended).code, 0)
  })

  it("says what is wrong with its port, without a stack", async () => {
    const first = start(["listen", "--udp", "0", "--web"])
    const [, port] = await first.printed(/watch it live: http:\/\/127\.0\.0\.1:(\d+)/)
    const message = new RegExp(`--web-port: .*EADDRINUSE.*:${port}: another program listens there`)
    await assertRefused("listen", [[["--udp", "0", "--web", "--web-port", port!], message]])
    first.child.kill("SIGINT")
    assert.strictEqual((await first.ended).code, 0)
  })
})
