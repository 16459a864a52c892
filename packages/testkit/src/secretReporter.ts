/**
 * A Vitest reporter that searches the output of a run for secrets of tests: the console of every test, and the errors
 * of tests and workers. Every secret in a test contains `marker`; the run fails if that is found. What a child process
 * writes to the terminal past Vitest is not seen.
 */
import type { Reporter, TestCase, TestModule } from "vitest/node"
import { findIn, formsOf } from "./internal/secretForms.ts"

/** Part of every token and password in tests. */
export const marker = "s3cr3t"

/** Makes the run fail if a secret is shown. */
export class SecretReporter implements Reporter {
  readonly forms = formsOf(marker)
  readonly found: Array<string> = []
  looked = 0

  onUserConsoleLog(log: { readonly content: string; readonly type: "stdout" | "stderr" }): void {
    this.look(log.type, log.content)
  }

  onTestCaseResult(testCase: TestCase): void {
    for (const error of testCase.result().errors ?? []) this.look(testCase.fullName, `${error.message}\n${error.stack}`)
  }

  onTestRunEnd(
    _modules: ReadonlyArray<TestModule>,
    unhandled: ReadonlyArray<{ readonly message: string; readonly stack?: string }>
  ): void {
    for (const error of unhandled) this.look("an unhandled error", `${error.message}\n${error.stack}`)
    if (this.found.length === 0) return
    process.stderr.write(`A secret was shown:\n${this.found.map((text) => `  ${text}\n`).join("")}`)
    process.exitCode = 1
  }

  private look(where: string, text: string): void {
    this.looked++
    const surroundings = findIn(this.forms, text)
    if (surroundings !== undefined) this.found.push(`${where}: ${surroundings}`)
  }
}
