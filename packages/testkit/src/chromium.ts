/**
 * Debian's Chromium as tests start it: without a sandbox, which root can't have, and without its own network requests.
 */
import * as Fs from "node:fs"

export const executablePath = "/usr/bin/chromium"

export const hasChromium = Fs.existsSync(executablePath)

export const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]
