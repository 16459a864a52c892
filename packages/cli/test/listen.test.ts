/** `efflux listen` as a process, in a terminal and without. */
import { assert, describe, it } from "@effect/vitest"
import * as Fs from "node:fs"
import { assertRefused, sendUdp, start, startInTerminal } from "./support/efflux.ts"

const untimed = (out: string): ReadonlyArray<string> =>
  out.trimEnd().split("\n").map((line) =>
    line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, "").replace(/127\.0\.0\.1:\d+/, "ADDRESS")
  )

describe("efflux listen without a terminal", () => {
  it("prints each point as line protocol, and each bad line with a caret and the reason", async () => {
    const run = start(["listen", "--udp", "0", "--count", "3"])
    await sendUdp(await run.port("udp"), ["cpu,host=a load=0.5,n=8i 1000\ncpu v=high 5", "m s=\"a b\"", "last v=T"])
    const { code, err, out } = await run.ended
    assert.deepStrictEqual(untimed(out), [
      "udp ADDRESS cpu,host=a load=0.5,n=8i 1000",
      "error: udp ADDRESS, line 2, column 7: expected a number, a boolean or a quoted string, at \"high 5\"",
      "  | cpu v=high 5",
      "  |       ^",
      "udp ADDRESS m s=\"a b\"",
      "udp ADDRESS last v=true"
    ])
    assert.match(err, /^listening on udp:.*\n3 points in 3 payloads; 1 bad line\n$/)
    assert.strictEqual(code, 0)
  })

  it("ends with its accounts and code 0 at Ctrl-C, whenever it comes", async () => {
    for (const sent of [0, 3]) {
      const run = start(["listen", "--udp", "0", "--tcp", "0", "--http", "0"])
      const port = await run.port("udp")
      if (sent > 0) {
        await sendUdp(port, Array.from({ length: sent }, (_, n) => `m v=${n}`))
        await run.printed(/m v=2\n/)
      }
      run.child.kill("SIGINT")
      const { code, err } = await run.ended
      assert.strictEqual(code, 0)
      assert.match(err, new RegExp(`${sent} points in ${sent} payloads; no errors, nothing dropped\n$`))
    }
  })

  it("prints one JSON object a point, with every digit of an integer, and one an error", async () => {
    const run = start(["listen", "--udp", "0", "--json", "--count", "2", "--dialect", "influx-2"])
    await sendUdp(await run.port("udp"), [
      "cpu,host=a\\ b load=5,z=-0,n=-9223372036854775808i,u=18446744073709551615u,b=f,s=\"x\u009by\" 1000000000000000001",
      "bad v=no",
      "end v=0.25"
    ])
    const { code, out } = await run.ended
    const [point, error, end] = out.trimEnd().split("\n")
    assert.match(
      point!,
      /^{"type":"point","measurement":"cpu","tags":{"host":"a b"},"fields":{"load":5\.0,"z":-0\.0,"n":-9223372036854775808,"u":18446744073709551615,"b":false,"s":"x\\u009by"},"timestamp":1000000000000000001,"source":{"transport":"udp","address":"127\.0\.0\.1:\d+"},"receivedAt":\d{19}}$/
    )
    assert.deepInclude(JSON.parse(error!), {
      type: "error",
      line: 1,
      column: 7,
      reason: "invalid number",
      text: "bad v=no"
    })
    assert.deepInclude(JSON.parse(end!), { type: "point", measurement: "end", fields: { v: 0.25 } })
    assert.strictEqual(code, 0)
  })

  it("shows the points of the measurements and tags that were asked for", async () => {
    const filter = "--measurement http_* --tag host=a.c --tag zone=* --count 1"
    const run = start(["listen", "--udp", "0", ...filter.split(" ")])
    await sendUdp(await run.port("udp"), [
      "cpu,host=a.c,zone=1 v=1",
      "http_x,host=abc,zone=1 v=2",
      "http_x,host=a.c v=3",
      "xhttp_x,host=a.c,zone=1 v=4",
      "http_,host=a.c,zone=1 v=5"
    ])
    const { out } = await run.ended
    assert.deepStrictEqual(untimed(out), ["udp ADDRESS http_,host=a.c,zone=1 v=5"])
  })

  it("ends with code 1 if nothing came in the time that it was given", async () => {
    const { code, err } = await start(["listen", "--tcp", "0", "--seconds", "0.2"]).ended
    assert.strictEqual(code, 1)
    assert.include(err, "0 points in 0 payloads")
  })

  it("ends when nobody reads its output any longer", async () => {
    const run = start(["listen", "--udp", "0"])
    const port = await run.port("udp")
    await sendUdp(port, ["m v=1"])
    await run.printed(/m v=1/)
    run.child.stdout!.destroy()
    while (run.child.exitCode === null) {
      await sendUdp(port, ["m v=2"])
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    assert.strictEqual((await run.ended).code, 0)
  })

  it.skipIf(process.platform !== "linux")("ends with code 2 where its output can't be written", async () => {
    const run = start(["listen", "--udp", "0", "--json"], { stdout: Fs.openSync("/dev/full", "w") })
    await sendUdp(await run.port("udp"), ["m v=1"])
    const { code, err } = await run.ended
    assert.match(err, /standard output can't be written: ENOSPC[^]*1 point in 1 payload/)
    assert.strictEqual(code, 2)
  })

  it("says what is wrong with an option or a port, without a stack", async () => {
    const first = start(["listen", "--udp", "0"])
    const port = String(await first.port("udp"))
    await assertRefused("listen", [
      [["--udp", "70000"], /--udp: "70000". Expected: 0 to 65535/],
      [["--udp", "x"], /--udp/],
      [["--dialect", "influx"], /--dialect.*influx-1/s],
      [["--tag", "host"], /--tag: "host". Expected: host=a/],
      [["--count", "0"], /--count: "0". Expected: 1 or more/],
      [["--frobnicate"], /--frobnicate/],
      [["--udp", port], new RegExp(`--udp: .*udp://127\\.0\\.0\\.1:${port}.*another program listens there`)],
      [
        ["--udp", "0", "--host", "192.0.2.1"],
        /--udp: .*udp:\/\/192\.0\.2\.1:0.*--host must be an address of this machine/
      ],
      [["--udp", "0", "--host", "a b"], /--host is "a b", allowed is a host name/],
      // As from a variable of the shell that is not set: Node would listen at all addresses.
      [["--udp", "0", "--web", "--web-host", ""], /Missing value for flag --web-host/],
      [["--udp", "0", "--web-host", "127.0.0.1"], /--web-host needs --web$/m],
      [["--udp", "0", "--web-port", "0"], /--web-port needs --web$/m],
      [["--udp", "0", "--web", "--web-host", "192.0.2.1"], /--web-port: .*--web-host must be an address/]
    ])
    first.child.kill("SIGINT")
    await first.ended
  })
})

describe("efflux listen in a terminal", () => {
  it("shows what arrives by measurement, with the last bad line, until Ctrl-C", async () => {
    const run = startInTerminal(["listen", "--udp", "0"])
    const port = await run.port("udp")
    await sendUdp(port, ["cpu,host=a load=0.5,n=8i\ncpu,host=b load=0.75,n=9i", "cpu v=high"])
    await run.printed(/n=9i[^]*v=high/)
    run.child.stdin!.write("\x03")
    const { code, out } = await run.ended
    assert.strictEqual(code, 0)
    const shown = run.shown.map((line) => line.trimEnd())
    assert.match(shown[0]!, /^Efflux {2}listening on udp:\/\/127\.0\.0\.1:\d+ {2}Ctrl-C ends$/)
    assert.match(shown[1]!, /points\/s {3}2 points {3}2 series {3}2 payloads {3}60 B$/)
    assert.strictEqual(shown[2], "1 bad line")
    assert.match(shown[5]!, /^cpu +2 +\d+$/)
    assert.strictEqual(shown[6], "  tags    host (2 values)")
    assert.strictEqual(shown[7], "  fields  load=0.75, n=9i")
    assert.match(shown[9]!, /^error: udp 127\.0\.0\.1:\d+, line 1, column 7: expected a number/)
    assert.deepStrictEqual(shown.slice(10, 12), ["  | cpu v=high", "  |       ^"])
    assert.match(shown.at(-1)!, /2 points in 2 payloads; 1 bad line$/)
    // The cursor is back.
    assert.isAbove(out.lastIndexOf("\x1b[?25h"), out.lastIndexOf("\x1b[?25l"))
  })

  it("obeys nothing that comes from the network", async () => {
    const run = startInTerminal(["listen", "--udp", "0", "--dialect", "influx-2"])
    const port = await run.port("udp")
    await sendUdp(port, ["\x1b[2Jm\x07,t\x9b31m=\u202ev f\x1b]0;title\x07=\"\x1b[31m\" 1", "\x1b[5mbad v=\x1b[31mno"])
    await run.printed(/title[^]*error/)
    run.child.stdin!.write("\x03")
    const { out } = await run.ended
    // oxlint-disable-next-line no-control-regex
    assert.notMatch(out, /\x1b\[2J|\x1b\[31m|\x1b\[5m|\x1b\]|\x07|\x9b|\u202e/)
    assert.include(out, "\\u{1b}[2Jm\\u{7}")
  })

  it("prints lines instead where it is told to", async () => {
    const run = startInTerminal(["listen", "--udp", "0", "--plain", "--count", "1"])
    await sendUdp(await run.port("udp"), ["cpu v=1"])
    const { code, out } = await run.ended
    assert.strictEqual(code, 0)
    assert.include(out, " cpu v=1\r\n")
    assert.notInclude(out, "\x1b[")
  })
})
