import { assert, describe, it } from "@effect/vitest"
import { gone, printed, start } from "./support/demo.ts"

const receiver = /to embedded receiver \(process (\d+),/

describe("the demo with its embedded receiver", () => {
  it("pushes figures, sheds a burst, keeps its accounts, and stores all that it sent", async () => {
    const run = start(["--seconds", "3", "--target", "receiver"])
    const { code, errors, leftovers, lines } = await run.ended
    assert.strictEqual(errors, "")
    assert.strictEqual(code, 0, lines.join("\n"))
    const [, sent, stored] = /^sent (\d+) points, stored (\d+): equal$/.exec(lines.at(-1)!) ?? []
    assert.strictEqual(sent, stored)
    assert.isAbove(Number(sent), 1000)

    const law = /^pushed (\d+) = sent (\d+) \+ dropped (\d+) \(queue_full (\d+)\) \+ queued 0 \+ in flight 0: holds/
      .exec(
        lines.at(-2)!
      )
    assert.isNotNull(law, lines.at(-2))
    assert.isAbove(Number(law![1]), 200_000)
    assert.isAbove(Number(law![4]), 0)

    const output = lines.join("\n")
    assert.notInclude(output, "\x1b")
    assert.match(output, /^watch it live: http:\/\/127\.0\.0\.1:\d+\/$/m)
    assert.match(output, receiver)
    assert.match(output, /WARN .*the queue of 10000 points is full/)
    assert.match(output, /INFO .*shedding stopped/)
    assert.match(output, /^ *\d+\.\d s .*cpu \d/m)
    assert.match(output, /^ *\d+\.\d s .*queue_full \d+/m)
    assert.deepStrictEqual(leftovers, [])
    assert.isTrue(await gone(Number(receiver.exec(output)![1])))
  })

  it("ends its receiver when it is interrupted", async () => {
    const run = start(["--seconds", "60", "--target", "receiver"])
    const [, pid] = await printed(run, receiver)
    run.child.kill("SIGINT")
    const { code, lines } = await run.ended
    assert.strictEqual(code, 130)
    assert.match(lines.at(-1)!, /^interrupted, so not compared with what was stored; pushed \d+ = sent \d+ .*: holds/)
    assert.isTrue(await gone(Number(pid)))
  })

  it("ends its receiver when it is killed", async () => {
    const run = start(["--seconds", "60", "--target", "receiver"])
    const [, pid] = await printed(run, receiver)
    run.child.kill("SIGKILL")
    assert.strictEqual((await run.ended).signal, "SIGKILL")
    assert.isTrue(await gone(Number(pid)))
  })

  it("names every option and its default on demand", async () => {
    const { code, lines } = await start(["--help"]).ended
    assert.strictEqual(code, 0)
    for (const flag of ["seconds", "burst", "queue", "pacing", "target", "url", "udp", "database", "page", "plain"]) {
      assert.match(lines.join("\n"), new RegExp(`--${flag}\\b.*default`))
    }
  })

  it("says in one line what is wrong with an option or a server", async () => {
    const option = await start(["--seconds", "0"]).ended
    assert.strictEqual(option.code, 1)
    assert.include(option.errors, "--seconds is 0")
    const server = await start(["--url", "http://127.0.0.1:1"]).ended
    assert.strictEqual(server.code, 1)
    assert.include(server.errors, "http://127.0.0.1:1 can't count the points")
    assert.notInclude(server.errors, "    at ")
  })
})
