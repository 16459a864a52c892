/**
 * Type-checks the TypeScript in the documentation: every `ts` fence of a Markdown file or of a doc comment of the
 * library is a module of its own, compiled against the sources of the workspace.
 */
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"

export const root = Path.resolve(import.meta.dirname, "..")

export interface Fence {
  /** The file that contains it, relative to the workspace. */
  readonly file: string
  /** The line of its first line of code, from 1. */
  readonly line: number
  readonly code: string
}

/** The documents that are checked, relative to the workspace. */
export const documents = (): ReadonlyArray<string> =>
  Fs.globSync([
    "*.md",
    "docs/**/*.md",
    "examples/**/*.md",
    "packages/*/*.md",
    "packages/efflux/src/**/*.ts"
  ], { cwd: root, exclude: ["**/node_modules/**"] }).sort()

const opening = /^(\s*)(`{3,}|~{3,})\s*(\w*)/

/** The TypeScript fences of a text. In a `.ts` file only doc comments count. */
export const fencesOf = (file: string, text: string): ReadonlyArray<Fence> => {
  const isSource = file.endsWith(".ts")
  const fences: Array<Fence> = []
  let open: { mark: string; indent: number; language: string; line: number; code: Array<string> } | undefined
  text.split(/\r?\n/).forEach((raw, index) => {
    const comment = isSource ? /^\s*\*(?: (.*))?$/.exec(raw) : null
    if (isSource && comment === null) {
      open = undefined
      return
    }
    const line = comment === null ? raw : comment[1] ?? ""
    if (open === undefined) {
      const match = opening.exec(line)
      if (match !== null) {
        open = { mark: match[2]!, indent: match[1]!.length, language: match[3]!, line: index + 2, code: [] }
      }
    } else if (line.trim().startsWith(open.mark) && line.trim().replaceAll(open.mark[0]!, "") === "") {
      if (open.language === "ts" || open.language === "typescript") {
        fences.push({ file, line: open.line, code: open.code.join("\n") })
      }
      open = undefined
    } else {
      const indent = open.indent
      open.code.push(line.slice(0, indent).trim() === "" ? line.slice(indent) : line)
    }
  })
  return fences
}

/** Reads the fences of all documents. */
export const allFences = (): ReadonlyArray<Fence> =>
  documents().flatMap((file) => fencesOf(file, Fs.readFileSync(Path.join(root, file), "utf8")))

/** Compiles the fences and returns the compiler's complaints, each with the document's file and line. */
export const check = (fences: ReadonlyArray<Fence>): ReadonlyArray<string> => {
  const cache = Path.join(root, "node_modules/.cache")
  Fs.mkdirSync(cache, { recursive: true })
  using temporary = Fs.mkdtempDisposableSync(Path.join(cache, "fences-"))
  const folder = temporary.path
  const files = fences.map((fence) => {
    const file = `${fence.file}/${fence.line}.ts`
    Fs.mkdirSync(Path.join(folder, fence.file), { recursive: true })
    // Blank lines in front keep the compiler's line numbers those of the document.
    Fs.writeFileSync(Path.join(folder, file), "\n".repeat(fence.line - 1) + fence.code + "\n")
    return file
  })
  Fs.writeFileSync(
    Path.join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: Path.join(root, "tsconfig.noemit.json"),
      compilerOptions: {
        incremental: false,
        noUnusedLocals: false,
        rootDir: root
      },
      files
    })
  )
  const tsc = Path.join(root, "node_modules/typescript/bin/tsc")
  const options = { cwd: folder, encoding: "utf8" } as const
  const result = spawnSync(process.execPath, [tsc, "-p", folder, "--pretty", "false"], options)
  const output = `${result.stdout}${result.stderr}`.trim()
  if (result.status === 0) return []
  const complaints = output.split("\n")
    .map((line) => line.replace(/^(.*)\/\d+\.ts\((\d+),\d+\): /, "$1:$2: "))
  return complaints[0] === "" ? [`The compiler failed with ${result.status ?? result.signal}.`] : complaints
}
