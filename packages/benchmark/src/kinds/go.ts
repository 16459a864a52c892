/** InfluxData's Go library on the same bytes, if a Go toolchain and the library are available. */
import { spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Readline from "node:readline"
import type { Effort } from "../Measure.ts"
import { figure, type Section } from "../Report.ts"
import type { DecodeKind } from "./decode.ts"

const source = new URL("../../go/", import.meta.url).pathname

/**
 * Builds the program, or says why it can't. `EFFLUX_GO_LINE_PROTOCOL` may name a checkout of the library; otherwise the
 * toolchain downloads it.
 */
const build = (folder: string, effort: Effort): string | undefined => {
  for (const name of ["go.mod", "main.go"]) Fs.copyFileSync(Path.join(source, name), Path.join(folder, name))
  const checkout = process.env.EFFLUX_GO_LINE_PROTOCOL
  if (checkout === undefined && effort.time === 0) return "a quick run fetches nothing"
  const go = (...args: ReadonlyArray<string>) => {
    const { error, status, stderr } = spawnSync("go", args, { cwd: folder, encoding: "utf8" })
    return status === 0 ? undefined : error?.message ?? stderr.trim().split("\n").at(-1) ?? "it failed"
  }
  return (checkout === undefined
    ? undefined
    : go("mod", "edit", "-replace", `github.com/influxdata/line-protocol/v2=${checkout}`)) ??
    go("build", "-mod=mod", "-o", "lines", ".")
}

/** Alternates: a round of Go, then a round of ours. */
export const besideGo = async (kinds: ReadonlyArray<DecodeKind>, effort: Effort): Promise<Section> => {
  using temporary = Fs.mkdtempDisposableSync(Path.join(Os.tmpdir(), "efflux-go-"))
  const folder = temporary.path
  const missing = build(folder, effort)
  if (missing !== undefined) {
    return { title: "Kinds of lines: Go", table: { heads: ["left out", ""], rows: [["no Go decoder", missing]] } }
  }
  const files = kinds.map(({ texts }, i) => {
    Fs.writeFileSync(Path.join(folder, `${i}.txt`), Buffer.concat(texts))
    return `${i}.txt`
  })
  const go = spawn(Path.join(folder, "lines"), files, { cwd: folder, stdio: ["pipe", "pipe", "inherit"] })
  const lines = Readline.createInterface(go.stdout)[Symbol.asyncIterator]()
  const rounds: Array<ReadonlyArray<readonly [ours: number, decode: number, encode: number]>> = []
  for (let round = 0; round < Math.max(1, effort.rounds); round++) {
    go.stdin.write("\n")
    const { value } = await lines.next()
    if (value === undefined) throw new Error("the Go program ended")
    const theirs = (value as string).split(" ").map((pair) => pair.split(",").map(Number))
    const round: Array<readonly [number, number, number]> = []
    for (const [i, { before, bytes, run, texts }] of kinds.entries()) {
      let ours = 0
      for (let n = 0; n < texts.length; n++) {
        await before?.()
        const start = performance.now()
        run()
        ours += (performance.now() - start) * 1e6
      }
      const [decode, encode] = theirs[i]
      round.push([ours / texts.length / bytes, decode / texts.length / bytes, encode / texts.length / bytes])
    }
    rounds.push(round)
  }
  go.stdin.end()
  const middle = (values: Array<number>) => values.sort((a, b) => a - b)[values.length >> 1]
  return {
    title: "Kinds of lines: InfluxData's library in Go, on the same bytes",
    note:
      "Nanoseconds per byte, medians of several rounds. Go copies its strings, as a program that keeps them has to.",
    table: {
      heads: ["", "efflux decodes", "Go decodes", "efflux by Go", "Go encodes"],
      rows: kinds.map(({ kind }, i) => [
        kind,
        figure(middle(rounds.map((round) => round[i][0]))),
        figure(middle(rounds.map((round) => round[i][1]))),
        middle(rounds.map((round) => round[i][0] / round[i][1])).toFixed(2),
        figure(middle(rounds.map((round) => round[i][2])))
      ])
    }
  }
}
