/** `efflux send` and `efflux query` with a real server. */
import { assert, it } from "@effect/vitest"
import { InfluxServer } from "@efflux/testkit"
import { describeInfluxd } from "@efflux/testkit/realServer"
import { Effect } from "effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import {
  assertRefused,
  type Ended,
  pipe,
  start,
  startInTerminal,
  temporaryFolder,
  untilTestEnds
} from "./support/efflux.ts"

const lines = Array.from({ length: 3000 }, (_, n) => `m,t=${n % 3} v=${n},i=${n}i ${(n + 1) * 1_000_000_000}`).join(
  "\n"
)

describeInfluxd("efflux with InfluxDB 1", (binary) => {
  it("sends over UDP and asks the server how much arrived; over HTTP the server answers", async () => {
    const folder = temporaryFolder()
    const server = await untilTestEnds(InfluxServer.make({ binary, udp: [{ database: "d" }] }))
    const udp = `udp://127.0.0.1:${server.udpPorts[0]}`
    // As few datagrams as fit into the socket of a server that gets no turn for a while.
    const few = lines.split("\n", 300).join("\n")
    const sent = await pipe(["send", "-", "--to", udp, "--ask", server.httpUrl], few, folder)
    assert.match(sent.out, /\nthe server received 300 points, by its own counter\n$/, `${sent.out}\n${sent.err}`)
    assert.strictEqual(sent.code, 0)
    // 1.6 takes the first two; the type of the last conflicts with what is stored.
    const conflict = await pipe(
      ["send", "-", "--to", `${server.httpUrl}/?database=d`],
      "w v=1 1\nw v=2 2\nw v=\"text\" 3",
      folder
    )
    assert.match(conflict.out, /sent 2 points .*; not sent: rejected 1\n/)
    assert.strictEqual(conflict.code, 1)
  })

  it("sends every point, however often it is killed and resumed", async () => {
    const folder = temporaryFolder()
    const server = await untilTestEnds(InfluxServer.make({ binary, udp: [{ database: "d" }] }))
    const total = 120_000
    const file = Path.join(folder, "a.lp")
    Fs.writeFileSync(
      file,
      Array.from({ length: total }, (_, n) => `m,t=${n % 10} v=${n}i ${1_000_000_000 + n}\n`).join("") +
        "bad v=no\n"
    )
    const args = ["send", file, "--to", `${server.httpUrl}/?database=d`, "--resume"]
    const kills: Array<string> = []
    let last: Ended | undefined
    while (last === undefined) {
      const run = start(args)
      const signal = kills.length % 2 === 0 ? "SIGKILL" : "SIGINT"
      let ended: Ended | undefined
      void run.ended.then((end) => ended = end)
      // The first is killed as soon as it has sent something, the others at any moment.
      const until = performance.now() + Math.random() * 4000
      const isDue = () => kills.length === 0 ? Fs.existsSync(`${file}.efflux-resume`) : performance.now() >= until
      while (ended === undefined && (kills.length === 8 || !isDue())) {
        await new Promise((done) => setTimeout(done, 2))
      }
      if (ended === undefined) {
        run.child.kill(signal)
        await run.ended
        kills.push(`${signal} at ${new Date().toISOString()}`)
      } else last = ended
    }
    assert.isAbove(kills.length, 0)
    assert.match(last.out, /and 1 bad line; see /, kills.join(", "))
    assert.strictEqual(
      await Effect.runPromise(server.count("d", "m", "v")),
      total,
      `${kills.join(", ")}\n${last.out}${last.err}`
    )
    assert.match(Fs.readFileSync(`${file}.bad`, "utf8"), /^# line 120001: column 7: expected a number/)
    assert.deepStrictEqual(Fs.readdirSync(folder).toSorted(), ["a.lp", "a.lp.bad"])
  })

  it("shows rows as a table, CSV, JSON, line protocol and a plot, and what it writes can be sent again", async () => {
    const folder = temporaryFolder()
    const server = await untilTestEnds(InfluxServer.make({ binary, udp: [{ database: "d" }] }))
    const from = `${server.httpUrl}/?database=d`
    const ask = (statement: string, ...args: ReadonlyArray<string>): Promise<Ended> =>
      start(["query", statement, "--from", from, ...args], { cwd: folder }).ended
    const text =
      "cpu,host=a\\ b load=0.5,n=9007199254740993i,s=\"x,\\\"y\" 1000000001\ncpu,host=c load=1e300,b=t 2000000000\n"
    assert.strictEqual((await pipe(["send", "-", "--to", from], text, folder)).code, 0)
    const table = await ask("SELECT * FROM cpu")
    assert.strictEqual(table.err, "2 rows\n")
    assert.deepStrictEqual(
      table.out.trimEnd().split("\n"),
      [
        "time                            host    load                 n  s     b",
        "------------------------------  ----  ------  ----------------  ----  ----",
        "1970-01-01T00:00:01.000000001Z  a b      0.5  9007199254740993  x,\"y",
        "1970-01-01T00:00:02Z            c     1e+300                          true"
      ]
    )
    const csv = await ask("SELECT host, load, s FROM cpu", "--format", "csv")
    assert.strictEqual(
      csv.out,
      "time,host,load,s\n1970-01-01T00:00:01.000000001Z,a b,0.5,\"x,\"\"y\"\n1970-01-01T00:00:02Z,c,1e+300,\n"
    )
    const json = await ask("SELECT load, n FROM cpu", "--format", "json")
    assert.strictEqual(json.out.split("\n")[0], "{\"time\":1000000001,\"load\":0.5,\"n\":9007199254740993}")
    const line = await ask("SELECT * FROM cpu", "--format", "line", "--tags", "host")
    assert.deepStrictEqual(line.out.trimEnd().split("\n"), [
      "cpu,host=a\\ b load=0.5,n=9007199254740993i,s=\"x,\\\"y\" 1000000001",
      "cpu,host=c b=true,load=1e+300 2000000000"
    ])
    await pipe(["send", "-", "--to", from], lines, folder)
    const typed = await ask("SELECT i, v FROM m LIMIT 2", "--format", "line", "--integers", "i")
    assert.strictEqual(typed.out, "m i=0i,v=0 1000000000\nm i=1i,v=1 2000000000\n")
    const plot = await ask("SELECT mean(v) FROM m WHERE time < 3000s GROUP BY time(10s)", "--plot")
    const drawn = plot.out.split("\n")
    assert.strictEqual(drawn[0], "mean")
    assert.match(drawn[1]!, /^ *\d+(\.\d+)? \|\u2800{20,}.*[^\u2800]$/)
    assert.match(drawn[11]!, /^ +1970-01-01T00:00:00Z +1970-01-01T00:49:50Z$/)
  })

  it("escapes what the server stored before it reaches a terminal, and gives it to a file as it is", async () => {
    const server = await untilTestEnds(InfluxServer.make({ binary, udp: [{ database: "d" }] }))
    const from = `${server.httpUrl}/?database=d`
    await pipe(["send", "-", "--to", from], "m s=\"\x1b[31mred\u202e\" 1")
    for (const format of ["table", "csv", "line", "json"]) {
      const run = startInTerminal(["query", "SELECT s FROM m", "--from", from, "--format", format])
      const { code, out } = await run.ended
      assert.strictEqual(code, 0)
      assert.include(out, "[31mred")
      // oxlint-disable-next-line no-control-regex
      assert.notMatch(out, /\x1b\[31m|\u202e/)
    }
    const file = await start(["query", "SELECT s FROM m", "--from", from, "--format", "csv"]).ended
    assert.include(file.out, "\x1b[31mred")
  })

  it("says what the server says of a wrong statement, and why it can't be reached", async () => {
    const server = await untilTestEnds(InfluxServer.make({ binary, udp: [{ database: "d" }] }))
    const from = ["--from", `${server.httpUrl}/?database=d`]
    await assertRefused("query", [
      [["SELEC v FROM m", ...from], /SELEC/],
      [["SELECT v FROM m", "--from", `${server.httpUrl}/?database=nosuch`], /nosuch|database not found/],
      [["SELECT v FROM m", "--from", "http://127.0.0.1:1/?database=d"], /127\.0\.0\.1:1/],
      [["SELECT v FROM m", ...from, "--tags", "t"], /--tags needs --format line/],
      [["SELECT v FROM m", ...from, "--format", "csv", "--measurement", "m"], /--measurement needs --format line/],
      [["SELECT v FROM m", ...from, "--format", "line", "--integers", ""], /Missing value for flag --integers/],
      [["SELECT v FROM m", ...from, "--format", "csv", "--plot"], /--plot and --format can't be combined/],
      [["-", ...from], /the statement is empty/],
      [[" ", ...from], /the statement is empty/]
    ])
  })

  it("leaves a file of bad lines that can be corrected and sent", async () => {
    const folder = temporaryFolder()
    const server = await untilTestEnds(InfluxServer.make({ binary, udp: [{ database: "d" }] }))
    Fs.writeFileSync(Path.join(folder, "a.lp"), "m v=1 1\nm v=no 2\n")
    const to = `${server.httpUrl}/?database=d`
    await start(["send", "a.lp", "--to", to], { cwd: folder }).ended
    const bad = Fs.readFileSync(Path.join(folder, "a.lp.bad"), "utf8")
    const again = await pipe(["send", "-", "--to", to], bad.replace("v=no", "v=2"), folder)
    assert.strictEqual(again.code, 0, again.out)
    const { out } = await start(["query", "SELECT v FROM m", "--from", to, "--format", "json"]).ended
    assert.strictEqual(out, "{\"time\":1,\"v\":1}\n{\"time\":2,\"v\":2}\n")
  })
})
