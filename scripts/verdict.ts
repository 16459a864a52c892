/**
 * Summarizes a test run in one line, from the report of vitest's JSON reporter: `node scripts/verdict.ts <report>`.
 * Fails if a test failed, if none ran, or if one was skipped, except for rows of other projects that are not on this
 * machine.
 */
import * as Fs from "node:fs"

interface Report {
  readonly success: boolean
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: ReadonlyArray<{
    readonly status: string
    readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>
  }>
}

const report: Report = JSON.parse(Fs.readFileSync(process.argv[2]!, "utf8"))

const passed = report.numPassedTests
/** A file that failed before its tests could, for example at an import, counts as one failure. */
const brokenFiles =
  report.testResults.filter((file) =>
    file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed")
  ).length
const failed = report.numFailedTests + brokenFiles
const skipped = report.numPendingTests + report.numTodoTests
const foreign = report.testResults.flatMap((file) => file.assertionResults)
  .filter(({ fullName, status }) => status !== "passed" && status !== "failed" && fullName.includes("foreign rows"))
  .length

console.log(`${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`)

if (!report.success || failed > 0 || skipped > foreign || passed === 0) {
  process.exitCode = 1
}
