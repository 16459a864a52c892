/** Drives Debian's Chromium for a test, without its own network requests. */
import { Effect, type Scope } from "effect"
import * as Fs from "node:fs"
import { fileURLToPath } from "node:url"
import { type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { args, executablePath } from "./chromium.ts"

/** A page in a browser of its own, the errors that it logged, and the hosts that it contacted. */
export interface Tab {
  readonly page: Page
  readonly complaints: ReadonlyArray<string>
  readonly hosts: ReadonlySet<string>
}

export const open = (url: string, options: BrowserContextOptions = {}): Effect.Effect<Tab, never, Scope.Scope> =>
  Effect.gen(function*() {
    const browser = yield* Effect.acquireRelease(
      Effect.promise(() => chromium.launch({ executablePath, args })),
      (browser) => Effect.promise(() => browser.close())
    )
    const complaints: Array<string> = []
    const hosts = new Set<string>()
    const page = yield* Effect.promise(() => browser.newPage({ viewport: { width: 1200, height: 900 }, ...options }))
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text())
    })
    page.on("pageerror", (error) => complaints.push(String(error)))
    page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`))
    page.on("request", (request) => hosts.add(new URL(request.url()).host))
    yield* Effect.promise(() => page.goto(url))
    return { page, complaints, hosts }
  })

/** Waits until the page shows a text somewhere in an element. */
export const shows = ({ page }: Tab, selector: string, text: string): Promise<void> =>
  page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: 120_000 })

/** What an accessibility check finds, and by how many pixels the page is wider than its window. */
export const flaws = async (
  { page }: Tab
): Promise<{ readonly violations: ReadonlyArray<string>; readonly overflow: number }> => {
  // The page's policy lets nothing in; the checker comes through the debugger.
  await page.evaluate(Fs.readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8"))
  return page.evaluate(`axe.run().then(({ violations }) => ({
    violations: violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth
  }))`)
}
