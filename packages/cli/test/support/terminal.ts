/**
 * As much of a terminal as the screen uses: text, line feeds, cursor up and home, erase to the right and below. Styles
 * and the cursor's look are ignored.
 */
export class FakeTerminal {
  readonly #lines: Array<string> = [""]
  #row = 0
  #column = 0

  readonly write = (text: string): void => {
    // oxlint-disable-next-line no-control-regex
    for (const [piece] of text.matchAll(/\x1b\[\??[0-9;]*[A-Za-z]|[^]/gu)) this.#put(piece)
  }

  /** What is shown, without empty lines at the end. */
  get shown(): ReadonlyArray<string> {
    return this.#lines.map((line) => line.trimEnd()).join("\n").trimEnd().split("\n")
  }

  #put(piece: string): void {
    if (piece === "\n") {
      this.#row++
      this.#column = 0
      this.#lines[this.#row] ??= ""
    } else if (piece === "\r") {
      this.#column = 0
    } else if (!piece.startsWith("\x1b")) {
      const line = this.#lines[this.#row]!.padEnd(this.#column)
      this.#lines[this.#row] = line.slice(0, this.#column) + piece + line.slice(this.#column + 1)
      this.#column++
    } else if (piece.endsWith("A")) {
      this.#row -= Number(piece.slice(2, -1))
      if (this.#row < 0) throw new Error("the cursor left the screen")
    } else if (piece.endsWith("H")) {
      this.#row = 0
      this.#column = 0
    } else if (piece.endsWith("K")) {
      this.#lines[this.#row] = this.#lines[this.#row]!.slice(0, this.#column)
    } else if (piece.endsWith("J")) {
      this.#lines[this.#row] = this.#lines[this.#row]!.slice(0, this.#column)
      this.#lines.length = this.#row + 1
    }
  }
}
