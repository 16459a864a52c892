/** `efflux send` as a process, against listeners. */
import { assert, describe, it } from "@effect/vitest"
import { waitFor } from "@efflux/testkit"
import { Effect, Stream } from "effect"
import { LineListener } from "efflux"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import * as Path from "node:path"
import { gzipSync } from "node:zlib"
import { assertRefused, pipe, start, startInTerminal, temporaryFolder, untilTestEnds } from "./support/efflux.ts"

const pointsOf = (listener: LineListener.Listener, count: number) =>
  Effect.runPromise(Stream.runCollect(Stream.take(listener.points, count)))

/** Whether a thread of a process waits in the kernel until somebody opens the other end of a FIFO. */
const isOpening = (pid: number): boolean => {
  try {
    return Fs.readdirSync(`/proc/${pid}/task`).some((task) =>
      Fs.readFileSync(`/proc/${pid}/task/${task}/wchan`, "utf8").includes("wait_for_partner")
    )
  } catch {
    return false // a thread has ended meanwhile
  }
}

const lines = (count: number): string =>
  Array.from({ length: count }, (_, n) => `m,t=${n % 10} v=${n}i ${n + 1}\n`).join("")

describe("efflux send", () => {
  it("sends the good lines over UDP, TCP and HTTP, and puts the bad ones into a file with their reasons", async () => {
    const folder = temporaryFolder()
    const { http, received, tcp, udp } = await untilTestEnds(
      LineListener.make({ udp: 0, tcp: 0, http: 0, dialect: "influx-2" })
    )
    const text = "cpu,host=a load=0.5,n=8i,s=\"a b\" 1000\ncpu v=high 5\n# comment\ncpu,time=x v=1 7\nlast v=T 9"
    Fs.writeFileSync(Path.join(folder, "a.lp"), text)
    Fs.writeFileSync(Path.join(folder, "a.lp.gz"), gzipSync(text))
    const targets: ReadonlyArray<readonly [file: string, url: string]> = [
      ["a.lp", `udp://127.0.0.1:${udp!.port}`],
      ["a.lp", `tcp://127.0.0.1:${tcp!.port}`],
      ["a.lp", `http://127.0.0.1:${http!.port}/?database=d`],
      ["a.lp.gz", `http://127.0.0.1:${http!.port}/?org=o&bucket=b`],
      ["a.lp", `http://127.0.0.1:${http!.port}?version=3&database=d`]
    ]
    for (const [file, url] of targets) {
      const { code, err, out } = await start(["send", file, "--to", url], { cwd: folder }).ended
      assert.strictEqual(err, "")
      assert.match(
        out,
        new RegExp(`^read 2 points and 2 bad lines; see ${file}\\.bad\nsent 2 points in 1 payload, `)
      )
      assert.strictEqual(code, 1)
      const arrived = await Effect.runPromise(Stream.runCollect(Stream.take(received, 2)))
      assert.deepStrictEqual(arrived.map((received) => received._tag === "Point" ? received.point : received), [
        { measurement: "cpu", tags: { host: "a" }, fields: { load: 0.5, n: 8n, s: "a b" }, timestamp: 1000n },
        { measurement: "last", tags: {}, fields: { v: true }, timestamp: 9n }
      ])
      assert.match(
        Fs.readFileSync(Path.join(folder, `${file}.bad`), "utf8"),
        /^# line 2: column 7: expected a number.*\ncpu v=high 5\n# line 4: tag key: .*time.*\ncpu,time=x v=1 7\n$/
      )
      assert.deepStrictEqual(Fs.readdirSync(folder).filter((name) => name.includes("resume")), [])
    }
  })

  it("ends with code 0 where every point was taken, from standard input too", async () => {
    const listener = await untilTestEnds(LineListener.make({ http: 0, capacity: 100_000 }))
    const { code, out } = await pipe(
      ["send", "-", "--to", `http://127.0.0.1:${listener.http!.port}/?db=d`],
      lines(50_000)
    )
    assert.match(
      out,
      /^read 50 000 points and 0 bad lines\nsent 50 000 points in \d+ payloads, .* which the server accepted\n$/
    )
    assert.strictEqual(code, 0)
    const points = await pointsOf(listener, 50_000)
    assert.strictEqual(new Set(points.map(({ timestamp }) => timestamp)).size, 50_000)
  })

  it("sends timestamps in the unit of the file, and says where there was none", async () => {
    const listener = await untilTestEnds(LineListener.make({ udp: 0, precision: "s" }))
    const to = `udp://127.0.0.1:${listener.udp!.port}`
    const { out } = await pipe(["send", "-", "--to", to, "--precision", "s"], "a v=1 7\nb v=1")
    const [a, b] = await pointsOf(listener, 2)
    assert.strictEqual(a!.timestamp, 7_000_000_000n)
    assert.isTrue(b!.timestamp! > 1_700_000_000_000_000_000n)
    assert.include(out, "1 point had no timestamp and got the time of sending")
  })

  it("goes on where it was interrupted, and sends every point", async () => {
    const folder = temporaryFolder()
    const listener = await untilTestEnds(
      LineListener.make({ udp: 0, capacity: 1_000_000, receiveBufferBytes: 4_000_000 })
    )
    // At 600 packets a second: seconds more than it takes until the place is written.
    const count = 240_000
    const file = Path.join(folder, "a.lp")
    Fs.writeFileSync(file, `${lines(count)}bad v=no`)
    const to = `udp://127.0.0.1:${listener.udp!.port}`
    const args = ["send", file, "--to", to, "--packets-per-second", "600"]
    const first = start(args)
    while (!Fs.existsSync(`${file}.efflux-resume`) && first.child.exitCode === null) {
      await new Promise((done) => setTimeout(done, 10))
    }
    first.child.kill("SIGINT")
    const stopped = await first.ended
    assert.strictEqual(stopped.code, 130)
    assert.match(stopped.out, /stopped; run the command again with --resume to continue\n$/)
    const wrong = await start([...args.slice(0, 3), "udp://127.0.0.1:1", "--resume"]).ended
    assert.strictEqual(wrong.code, 2)
    assert.include(wrong.err, `the file was sent to ${to}`)
    const { code, out } = await start(["send", file, "--to", to, "--resume"]).ended
    assert.strictEqual(code, 1)
    const [, skipped] = /^([\d ]+) lines sent by an earlier run\n/.exec(out)!
    assert.isAtLeast(Number(skipped!.replaceAll(" ", "")), 20_000)
    await Effect.runPromise(
      waitFor(listener.counts, ({ kernelDrops = 0, points }) => points + 40 * kernelDrops >= count)
    )
    assert.isFalse(Fs.existsSync(`${file}.efflux-resume`))
  })

  it("says what is unsent when it is stopped, and how it was stopped", async () => {
    const folder = temporaryFolder()
    Fs.writeFileSync(Path.join(folder, "a.lp"), lines(50))
    for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 143]] as const) {
      const run = start(["send", "a.lp", "--to", "http://127.0.0.1:1/?database=d"], { cwd: folder })
      await run.printed(/A request to .* failed/)
      run.child.kill(signal)
      const { code, out } = await run.ended
      assert.match(
        out,
        /sent 0 points .*; not sent: shutdown 50\nstopped; run the command again with --resume to continue\n$/
      )
      assert.strictEqual(code, expected)
    }
  })

  it("shows a bar in a terminal, and its accounts below it", async () => {
    const folder = temporaryFolder()
    const listener = await untilTestEnds(LineListener.make({ udp: 0 }))
    Fs.writeFileSync(Path.join(folder, "a.lp"), lines(30_000))
    const run = startInTerminal(
      ["send", "a.lp", "--to", `udp://127.0.0.1:${listener.udp!.port}`, "--packets-per-second", "1500"],
      folder
    )
    await run.printed(/\[#*\.*\] \d+ % of \d/)
    assert.strictEqual((await run.ended).code, 0)
    const shown = run.shown
    assert.match(shown[0]!, /^\[#{30}\] 100 % of \d+\.\d kB$/)
    assert.match(shown[1]!, /^30 000 points sent, [\d ]+ points\/s$/)
    assert.deepStrictEqual(shown[2], "read 30 000 points and 0 bad lines")
  })

  it("says that nobody listens at a UDP port", async () => {
    const { code, out } = await pipe(["send", "-", "--to", "udp://127.0.0.1:1"], lines(5000))
    assert.match(out, /the host refused \d+ packets?: nobody listens at udp:\/\/127\.0\.0\.1:1\n/)
    assert.strictEqual(code, 1)
  })

  it("uses secrets from variables, shows none, and stops where the server knows them not", async () => {
    const seen: Array<string | undefined> = []
    let status = 0
    const server = Http.createServer((request, response) => {
      seen.push(request.headers.authorization)
      request.resume().on("end", () => response.writeHead(status).end("{\"error\":\"s3cr3t is wrong (404)\"}"))
    })
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
    const { port } = server.address() as AddressInfo
    // A whole file would be refused, batch by batch, and --resume would pass it.
    for (status of [401, 403, 404, 400]) {
      const run = start(["send", "-", "--to", `http://127.0.0.1:${port}/?org=o&bucket=b`], {
        env: { INFLUX_TOKEN: "s3cr3t" }
      })
      run.child.stdin!.end("m v=1 1")
      const { code, err, out } = await run.ended
      assert.strictEqual(code, status === 400 ? 1 : 2)
      // A bad request is about its points, whatever it says of them.
      if (status === 400) assert.notInclude(err, "nothing was accepted")
      else assert.match(err, new RegExp(`nothing was accepted: .*\\(${status}\\)`))
      assert.strictEqual(err.includes("Check INFLUX_TOKEN"), status === 401 || status === 403)
      assert.include(out, "sent 0 points in 0 payloads, 0 B; not sent: rejected 1\n")
      assert.notInclude(out + err, "s3cr3t")
    }
    server.close()
    assert.isTrue(seen.length >= 4 && seen.every((header) => header === "Token s3cr3t"))
  })

  it("names the variable that a wrong secret came from", async () => {
    const one = ["-", "--to", "http://127.0.0.1:1/?database=d"]
    const two = ["-", "--to", "http://127.0.0.1:1/?org=o&bucket=b"]
    await assertRefused("send", [
      [two, /INFLUX_TOKEN is <redacted>, allowed is a text of printable ASCII/, { INFLUX_TOKEN: "hunter2\n" }],
      [one, /INFLUX_TOKEN is <redacted>/, { INFLUX_TOKEN: "hunter2 " }],
      [one, /INFLUX_USERNAME is missing, .* because there is a password/, { INFLUX_PASSWORD: "hunter2" }],
      [one, /INFLUX_PASSWORD is missing, .* because there is a username/, { INFLUX_USERNAME: "me" }],
      [one, /INFLUX_USERNAME is "a:<redacted>"/, { INFLUX_USERNAME: "a:hunter2", INFLUX_PASSWORD: "p" }],
      [one, /INFLUX_PASSWORD is <redacted>/, { INFLUX_USERNAME: "me", INFLUX_PASSWORD: "hunter2\n" }]
    ])
  })

  it("refuses to write bad lines over the file itself, by whatever name", async () => {
    const folder = temporaryFolder()
    const file = Path.join(folder, "a.lp")
    Fs.writeFileSync(file, "bad")
    Fs.symlinkSync(file, Path.join(folder, "soft"))
    Fs.linkSync(file, Path.join(folder, "hard"))
    await assertRefused(
      "send",
      [file, Path.join(folder, "soft"), Path.join(folder, "hard")].map((bad) => [
        [file, "--to", "udp://127.0.0.1:1", "--bad", bad],
        new RegExp(`--bad ${bad} would overwrite ${file}`)
      ])
    )
    const fromInput = start(["send", "-", "--to", "udp://127.0.0.1:1", "--bad", file], {
      stdin: Fs.openSync(file, "r")
    })
    assert.match((await fromInput.ended).err, /--bad .* would overwrite -/)
    assert.strictEqual(Fs.readFileSync(file, "utf8"), "bad")
  })

  it.skipIf(process.platform !== "linux")("ends at a signal while it waits for a FIFO that nobody opens", async () => {
    const folder = temporaryFolder()
    // Two FIFOs, because a single one would connect the commands.
    const [input, bad] = [Path.join(folder, "input"), Path.join(folder, "bad")] as const
    assert.strictEqual(spawnSync("mkfifo", [input, bad]).status, 0)
    const to = ["--to", "udp://127.0.0.1:1"]
    const reading = start(["send", input, ...to])
    const writing = start(["send", "-", ...to, "--bad", bad])
    writing.child.stdin!.end("bad")
    for (const [run, signal, code] of [[reading, "SIGTERM", 143], [writing, "SIGINT", 130]] as const) {
      // Some kernels do not show what a thread waits for.
      for (let n = 0; n < 300 && !isOpening(run.child.pid!); n++) await new Promise((done) => setTimeout(done, 10))
      run.child.kill(signal)
      assert.strictEqual((await run.ended).code, code)
    }
  })

  it("names the option where the file for bad lines or for the position can't be written", async () => {
    const { code, err, out } = await pipe(["send", "-", "--to", "udp://127.0.0.1:1", "--bad", "/none/x"], "bad")
    assert.match(err, /--bad can't be written, name another file: ENOENT: .*'\/none\/x'/)
    assert.match(out, /^read 0 points and 1 bad line\n/)
    assert.strictEqual(code, 2)
    const folder = temporaryFolder()
    Fs.writeFileSync(Path.join(folder, "a.lp"), "m v=1 1\nbad")
    Fs.symlinkSync("loop", Path.join(folder, "loop"))
    for (
      const [bad, reason] of [["a.lp/x", "ENOTDIR"], ["loop", "ELOOP"], ["x".repeat(300), "ENAMETOOLONG"]] as const
    ) {
      const run = await start(["send", "a.lp", "--to", "udp://127.0.0.1:1", "--bad", bad], { cwd: folder }).ended
      assert.match(run.err, new RegExp(`--bad can't be written, name another file: ${reason}: `))
      assert.notMatch(run.err, /^ {4}at /m)
      assert.strictEqual(run.code, 2)
    }
    Fs.rmSync(Path.join(folder, "a.lp.efflux-resume"), { force: true })
    Fs.mkdirSync(Path.join(folder, "a.lp.efflux-resume.new"))
    const resume = await start(["send", "a.lp", "--to", "udp://127.0.0.1:1"], { cwd: folder }).ended
    assert.match(resume.err, /the position for --resume can't be recorded, use standard input .*: EISDIR/)
    assert.strictEqual(resume.code, 2)
  })

  it("names a wrong URL, file and option", async () => {
    await assertRefused("send", [
      [["missing.lp", "--to", "udp://127.0.0.1"], /missing\.lp: there is no such file/],
      [["-", "--to", "ftp://host"], /--to must be like udp:\/\/localhost:8089, tcp:/],
      [["-", "--to", "http://user:hunter2@host/?database=d"], /no credentials; set INFLUX_TOKEN/],
      [["-", "--to", "http://host/"], /--to needs the parameter database/],
      [["-", "--to", "http://host/?bucket=b"], /--to needs the parameter org/],
      [["-", "--to", "http://host/?database=d&version=4"], /version=4, allowed is 1, 2 and 3/],
      [["-", "--to", "http://host/?database=d&token=hunter2"], /parameter "token", allowed are database/],
      [["-", "--to", "http://host/?db=d&database=e"], /--to has the parameter database twice/],
      [["-", "--to", "http://host/?version=3&database=d&org=o"], /parameter "org", allowed are database, version for/],
      [["-", "--to", "http://host/?database=d#e"], /--to has "#e" at its end/],
      [["-", "--to", "http://host/?database=d&rp="], /--to: retentionPolicy is "", allowed is the name of a/],
      [["-", "--to", "udp://host/path"], /--to has "\/path" at its end/],
      [["-", "--to", "udp://host:0"], /--to: port is 0, allowed is an integer from 1 to 65535/],
      [["-", "--to", "udp://host", "--packets-per-second", "1e9"], /--packets-per-second is 1000000000, allowed is/],
      [["-", "--to", "udp://host", "--precision", "m", "--dialect", "victoria-metrics"], /--precision is "m", allowed/],
      [["-", "--to", "udp://host", "--bad", ""], /Missing value for flag --bad/],
      [["-", "--to", "tcp://host", "--ask", "http://host"], /--ask needs --to udp:/],
      [["-", "--to", "udp://host", "--ask", "http://host?version=2&org=o"], /--ask has version 2, and only InfluxDB 1/],
      [
        ["-", "--to", "udp://host:1/?database=d"],
        /--to has "\?database=d" at its end, which a udp:\/\/ address can't have/
      ],
      [["-", "--to", "udp://host", "--resume"], /--resume needs a file/],
      [["-"], /--to/]
    ])
  })
})
