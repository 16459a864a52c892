import type { Precision } from "efflux/Precision"
import { expect, test } from "tstyche"

test("a precision is one of the six that servers know", () => {
  expect<Precision>().type.toBe<"ns" | "us" | "ms" | "s" | "m" | "h">()
})
