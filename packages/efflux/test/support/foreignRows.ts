/**
 * Conformance rows of other projects, in a folder beside the repository. Where it is missing, a skipped test says so:
 * the project's own rows, in `test/conformance`, cover the same ground.
 */
import { describe, it } from "@effect/vitest"
/* oxlint-disable vitest/no-conditional-tests, vitest/valid-describe-callback, vitest/no-disabled-tests -- the suites are the callers', and the skip is the message */
import * as Fs from "node:fs"

const folder = new URL("../../../../../shared/corpus/", import.meta.url)

/** A file of foreign rows, whether it is there or not. */
export const foreignRows = (name: string): URL => new URL(name, folder)

/** A suite over foreign rows, or a skipped test in its place. */
export const describeForeign = (names: ReadonlyArray<string>, body: () => void): void => {
  const missing = names.filter((name) => !Fs.existsSync(foreignRows(name)))
  if (missing.length === 0) describe("the corpus", body)
  else it.skip(`the corpus: foreign rows are not here (${missing.join(", ")})`, () => {})
}
