import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import * as Path from "node:path"
import { InfluxServer, waitFor } from "../src/index.ts"
import { describeInfluxd } from "../src/realServer.ts"
import { isAlive } from "./fixtures/isAlive.ts"

describeInfluxd("a parent that dies", (binary) => {
  const hold = (mode: string) => {
    const child = spawn(process.execPath, [Path.join(import.meta.dirname, "fixtures/holdServer.ts"), mode], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, EFFLUX_INFLUXD: binary }
    })
    return Effect.promise(async (): Promise<{ readonly pid: number; readonly directory: string }> => {
      const exit = once(child, "exit")
      const [line] = await once(child.stdout, "data")
      if (mode !== "exit") child.kill("SIGKILL")
      await exit
      return JSON.parse(String(line))
    })
  }

  it("takes its server along when it exits", () =>
    Effect.gen(function*() {
      const { directory, pid } = yield* hold("exit")
      yield* waitFor(Effect.sync(() => isAlive(pid)), (alive) => !alive)
      assert.isFalse(existsSync(directory))
    }).pipe(Effect.runPromise))

  it.skipIf(process.platform !== "linux")(
    "takes its server along when it is killed, and the next start tidies up",
    () =>
      Effect.gen(function*() {
        const { directory, pid } = yield* hold("wait")
        yield* waitFor(Effect.sync(() => isAlive(pid)), (alive) => !alive)
        yield* Effect.scoped(InfluxServer.make({ binary }))
        assert.isFalse(existsSync(directory))
      }).pipe(Effect.runPromise)
  )
})
