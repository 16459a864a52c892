/**
 * The faults of the suite: what happens to a program, and what is promised.
 *
 * Each row has at least one test in `test/*.fault.ts` that measures it; the measurements are collected here, for the
 * terminal and for `docs/internals/faults.md`.
 */
import { markdownTable } from "markdown-table"
import * as Fs from "node:fs"

/** One fault. */
export interface Row {
  readonly id: string
  readonly fault: string
  readonly promise: string
}

const table = `
U1 | Nobody listens on the port | No crash, nothing unhandled; refusals are counted; memory stays flat; points arrive within \`flushInterval\` of the port opening
U2 | The server is restarted again and again | Nothing is lost beyond what was sent while it was down
U3 | A point that does not fit | Dropped as \`oversize\` before any send, and its neighbours are sent; with \`oversize: "split"\` all of it arrives
U4 | A firewall refuses to let datagrams out (\`EPERM\`) | Counted as \`send_error\`; pauses grow, nothing spins; points flow once the rule is gone
U5 | The link is down, the address of this host changes, the server's host is gone | Refused sends are counted as \`send_error\` and the socket is replaced; points arrive within 2 s of the end of the fault
U6 | A slow link | Points in flight are bounded by the pool, the others counted as \`queue_full\`; memory grows by at most 20 MB
U7 | The receiver's host drops datagrams | No error, because nothing reports it; \`sent\` is exactly what was received and dropped
U8 | The name does not resolve, changes, or hangs | The program runs and the database closes all the same; a full queue drops its oldest points; a change takes effect within \`resolveInterval\`; the last address is used while look-ups fail
U9 | The server is stopped (SIGSTOP) under load | Every missing point was dropped by the kernel in front of the server
U10 | A whole queue at once | A default InfluxDB stores at least 99 %
U11 | Ten times what the network carries | Memory grows by at most 1 MB a minute after 10 s; a push takes at most 50 µs and twice what it takes without overload, a turn of the event loop at most 50 ms (99 % of each); the newest points survive, in order
U12 | The database closes while sends are stuck and the queue is full | Ends within \`drainTimeout\`; what is left is counted as \`shutdown\`, and so is what is pushed afterwards
U13 | Interruption at any step | The law holds, and no fiber, timer or socket is left
U14 | A point whose getter throws | Counted as \`invalid\`; its neighbours are sent and the senders continue
U15 | Millions of distinct series | No state per series: memory stays flat
U16 | A flood in a heap of 64 MB | It never runs out of memory
U17 | \`pushAll\` of a million points | The queue stays bounded, and the event loop is held for at most 50 ms at a time
U18 | The clock is stepped, and timers fire late | Timestamps follow the clock, and strictly increase except where it steps back; a program that was stopped flushes once, not in a burst
S1 | A real InfluxDB is stopped and continued again and again | Exactly what was sent is stored, except for the datagrams that the kernel dropped
S2 | A real InfluxDB is killed and restarted ten times | The law holds at every check, and points flow again after each restart
S3 | A real InfluxDB behind a network that delays, loses, duplicates and reorders | Exactly what was sent is stored, except for what was lost on the way
S4 | A real InfluxDB over HTTP is killed and restarted again and again | What counts as sent is stored, and what is stored counts as sent or unknown; points flow again
S5 | A real InfluxDB over HTTP hangs (SIGSTOP) again and again | The same; what it may have stored without an answer is unknown
S6 | A server over HTTP is slow, refuses, breaks off, is silent, and closes its port | The same, for every point that the server accepted
`

/** All faults, in the order in which they are shown. */
export const rows: ReadonlyArray<Row> = table.trim().split("\n").map((line) => {
  const [id, fault, promise] = line.split(" | ") as [string, string, string]
  return { id, fault, promise }
})

/** What one test measured. */
export interface Result {
  readonly id: string
  readonly dose: string
  readonly figures: string
}

/** Where the tests write what they measured, one JSON line each; set by the command. */
const file = process.env.FAULTS_RESULTS

/** Prints what a test measured of a row, and keeps it for the page. */
export const result = (id: string, dose: string, figures: string): void => {
  if (!rows.some((row) => row.id === id)) throw new Error(`there is no row ${id}`)
  console.log(`${id}  ${dose}: ${figures}`)
  if (file !== undefined) Fs.appendFileSync(file, `${JSON.stringify({ id, dose, figures } satisfies Result)}\n`)
}

/** What the tests of one run wrote. */
export const readResults = (path: string): ReadonlyArray<Result> =>
  Fs.readFileSync(path, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Result)

/** How a page was measured. */
export interface Setting {
  readonly machine: string
  readonly date: string
  readonly short: boolean
}

/** The page `docs/internals/faults.md`. */
export const page = (results: ReadonlyArray<Result>, { date, machine, short }: Setting): string => {
  const lines = rows.flatMap(({ fault, id, promise }) =>
    results.filter((result) => result.id === id).map(({ dose, figures }, index) =>
      (index === 0 ? [id, fault, dose, promise, figures] : ["", "", dose, "", figures])
        .map((text) => text.replaceAll("|", "\\|").replaceAll("\n", " "))
    )
  )
  return `# Which faults does Efflux survive?

Generated by \`npx -y pnpm@12.21.0 test:faults --write\`; do not edit. The source is \`packages/faults\`.

- Machine: ${machine}
- Date: ${date}
- Duration of the faults: ${short ? "short (`--short`), as in continuous integration" : "full"}

Every row is a test with real parts: sockets on loopback or between network namespaces, packet filters, slow links,
signals, child processes, a real InfluxDB 1. Each checks the law, \`pushed = sent + dropped + queued + in flight\`, about a
hundred times a second while the fault lasts, and fails if it does not hold exactly. A promise about time is measured up to
three times, because the machine may be busy, and must hold once.

${markdownTable([["", "fault", "conditions", "promise", "measured"], ...lines])}
`
}
