/** `efflux lint` as a process. */
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { gzipSync } from "node:zlib"
import { assertRefused, pipe, Run, start, temporaryFolder } from "./support/efflux.ts"
import { program } from "./support/program.ts"

const text = "cpu,host=a load=0.5 1000\ncpu v=high 5\nm v=1u\n\x1b[31mred v=x\nx"

describe("efflux lint", () => {
  it("points at each error, and says which servers see it", async () => {
    const { code, err, out } = await pipe(["lint", "-"], text)
    assert.deepStrictEqual(out.trimEnd().split("\n"), [
      "<stdin>:2:7: error: expected a number, a boolean or a quoted string, at \"high 5\" [all dialects]",
      "  | cpu v=high 5",
      "  |       ^",
      "<stdin>:3:5: error: this dialect has no unsigned integers, at \"1u\" [influx-1]",
      "  | m v=1u",
      "  |     ^",
      "<stdin>:4:1: error: a control character, which this dialect refuses, at \"\\u001b[31mred v=x\" [telegraf]",
      "  | \\u{1b}[31mred v=x",
      "  | ^",
      "<stdin>:4:12: error: expected a number, a boolean or a quoted string, at \"x\" " +
      "[influx-1, influx-2, influx-3, victoria-metrics]",
      "  | \\u{1b}[31mred v=x",
      "  |                 ^",
      "<stdin>:5:2: error: expected a space and fields; the text ends here, it may have been cut off [all dialects]",
      "  | x",
      "  |  ^"
    ])
    assert.strictEqual(err, "4 bad lines in 1 file\n")
    assert.strictEqual(code, 1)
  })

  it("does the same from its sources as in one file, which the tests start because it starts sooner", async () => {
    const run = new Run(spawn(process.execPath, [program, "lint", "-"]))
    run.child.stdin!.end(text)
    assert.deepStrictEqual(await run.ended, await pipe(["lint", "-"], text))
  })

  it("ends with code 0 where all is well, also without a line feed at the end and in an empty file", async () => {
    for (const good of ["m v=1\n# comment\n\nm v=2", "m v=\"a b\"\n", ""]) {
      const { code, err, out } = await pipe(["lint", "-"], good)
      assert.deepStrictEqual([code, out, err], [0, "", "1 file, no errors\n"])
    }
    // All but one read a string that spans lines.
    assert.strictEqual((await pipe(["lint", "--dialect", "influx-1", "-"], "m v=\"a\nb\"")).code, 0)
  })

  it("checks for one server alone, in its unit", async () => {
    assert.strictEqual((await pipe(["lint", "--dialect", "influx-2", "-"], "m v=1u")).code, 0)
    const { code, out } = await pipe(["lint", "--dialect", "influx-1", "--precision", "h", "-"], "m v=1 99999999")
    assert.strictEqual(code, 1)
    assert.match(out, /^<stdin>:1:7: error: the number or instant is out of range, at "99999999"\n/)
  })

  it("writes JSON, and annotations for GitHub", async () => {
    const json = await pipe(["lint", "--format", "json", "-"], text)
    assert.deepStrictEqual(json.out.trimEnd().split("\n").map((line) => JSON.parse(line)).at(1), {
      file: "<stdin>",
      line: 3,
      column: 5,
      reason: "unsigned",
      message: "this dialect has no unsigned integers, at \"1u\"",
      text: "m v=1u",
      dialects: ["influx-1"]
    })
    assert.strictEqual(json.code, 1)
    const folder = temporaryFolder()
    Fs.writeFileSync(Path.join(folder, "a,b:c.lp"), "m v=%\n")
    const { code, out } = await start(["lint", "--format", "github", "a,b:c.lp"], { cwd: folder }).ended
    assert.strictEqual(
      out,
      "::error file=a%2Cb%3Ac.lp,line=1,col=5,title=line protocol::" +
        "expected a number, a boolean or a quoted string, at \"%25\" [all dialects]\n"
    )
    assert.strictEqual(code, 1)
  })

  it("reads several files and gzip, says which can't be read, and goes on", async () => {
    const folder = temporaryFolder()
    Fs.writeFileSync(Path.join(folder, "a.lp"), "m v=1\nbad\n")
    Fs.writeFileSync(Path.join(folder, "b.lp.gz"), gzipSync("bad v=no"))
    Fs.writeFileSync(Path.join(folder, "c.gz"), gzipSync("m v=1\n".repeat(1000)).subarray(0, 30))
    Fs.writeFileSync(Path.join(folder, "d.gz"), "m v=1\n")
    Fs.mkdirSync(Path.join(folder, "folder"))
    Fs.symlinkSync("loop", Path.join(folder, "loop"))
    const { code, err, out } = await start(
      ["lint", "missing.lp", "a.lp", "c.gz", "d.gz", "folder", "loop", "", "-", "b.lp.gz"],
      { cwd: folder, stdin: Fs.openSync(folder, "r") }
    ).ended
    assert.strictEqual(code, 2)
    assert.deepStrictEqual(
      out.split("\n").filter((line) => line.includes("error")).map((line) => line.split(" ")[0]),
      ["a.lp:2:4:", "b.lp.gz:1:7:"]
    )
    assert.deepStrictEqual(err.trimEnd().split("\n"), [
      "efflux lint: missing.lp: there is no such file",
      "efflux lint: c.gz: the file is not gzip, or ends early",
      "efflux lint: d.gz: the file is not gzip, or ends early",
      "efflux lint: folder: this is a folder, not a file",
      "efflux lint: loop: ELOOP: too many symbolic links encountered, stat 'loop'",
      "efflux lint: \"\": there is no such file",
      "efflux lint: standard input: this is a folder, not a file",
      "2 bad lines in 2 files"
    ])
  })

  it("says nothing of files that it could not read, and reads a pipe that has a name", async () => {
    assert.deepStrictEqual(await start(["lint", "missing.lp"]).ended, {
      code: 2,
      out: "",
      err: "efflux lint: missing.lp: there is no such file\n"
    })
    const child = spawn("bash", ["-c", "\"$0\" \"$@\" <(echo m v=1) <(echo bad)", process.execPath, program, "lint"])
    const { code, err } = await new Run(child).ended
    assert.deepStrictEqual([code, err], [1, "1 bad line in 2 files\n"])
  })

  it("shows the place of an error in a line that spans chunks, far into a file", async () => {
    const { out } = await pipe(["lint", "--dialect", "influx-1", "-"], `${"ok v=1\n".repeat(200_000)}a v=1,b=no\n`)
    assert.deepStrictEqual(out.trimEnd().split("\n"), [
      "<stdin>:200001:9: error: expected a number, at \"no\"",
      "  | a v=1,b=no",
      "  |         ^"
    ])
  })

  it.skipIf(process.platform !== "linux")(
    "says that its output can't be written, unless its reader has gone",
    async () => {
      const run = start(["lint", "-"], { stdout: Fs.openSync("/dev/full", "w") })
      const reading = start(["lint", "-"])
      for (const { child } of [run, reading]) child.stdin!.end("bad v=no\n".repeat(100_000))
      await reading.printed(/bad v=no/)
      reading.child.stdout!.destroy()
      const [full, gone] = await Promise.all([run.ended, reading.ended])
      assert.match(full.err, /^standard output can't be written: ENOSPC.*\n$/)
      assert.notInclude(gone.err, "ERROR")
      assert.deepStrictEqual([full.code, gone.code], [2, 1])
    }
  )

  it("asks for a file, and names a wrong option, with another code than for a bad line, and prints nothing else", async () => {
    await assertRefused("lint", [
      [[], /Missing required argument: file[^]*See efflux lint --help\n$/],
      [["--format", "xml", "-"], /--format.*xml/],
      [["--dialect", "", "-"], /Missing value for flag --dialect/],
      [["--precision", "ns", "--precision", "s", "-"], /--precision: "2 occurrences"/],
      [["--frobnicate", "-"], /Unrecognized flag: --frobnicate/]
    ])
    assert.strictEqual((await start(["lint"]).ended).out, "")
  })
})

describe("efflux", () => {
  it("has help, a version and completions", async () => {
    const help = await start(["--help"]).ended
    assert.strictEqual(help.code, 0)
    for (const command of ["listen", "lint"]) assert.match(help.out, new RegExp(`^ +${command} `, "m"))
    assert.match((await start(["--version"]).ended).out, /0\.1\.0/)
    const completions = await start(["--completions", "bash"]).ended
    assert.strictEqual(completions.code, 0)
    assert.include(completions.out, "efflux")
  })

  it.skipIf(process.platform !== "linux")("ends with code 2 where its output can't be written", async () => {
    const demo = "demo --seconds 1 --burst 0 --target receiver"
    for (const line of ["", "--help", "send --help", "--version", "--completions bash", demo]) {
      const args = line === "" ? [] : line.split(" ")
      const { code, err } = await start(args, { stdout: Fs.openSync("/dev/full", "w") }).ended
      assert.match(err, /^standard output can't be written: ENOSPC.*\n$/)
      assert.strictEqual(code, 2)
    }
  })
})
