/** The forms in which a secret can appear in a text. */

/** The text itself, percent-encoded, in hexadecimal, and in Base64 at each of its three alignments. */
export const formsOf = (secret: string): ReadonlyArray<string> => {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString("hex")
  return Array.from(
    new Set([
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      hex,
      hex.replace(/..(?=.)/g, "$& "),
      ...[0, 1, 2].flatMap((offset) => {
        const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
        // Characters that also depend on the neighbours are left out.
        const [first, end] = [Math.ceil(offset * 8 / 6), Math.floor(shifted.length * 8 / 6)]
        return [shifted.toString("base64").slice(first, end), shifted.toString("base64url").slice(first, end)]
      })
    ])
  )
}

/** Where one of the forms stands in a text: its surroundings, or `undefined`. */
export const findIn = (forms: ReadonlyArray<string>, text: string): string | undefined => {
  for (const form of forms) {
    const at = text.indexOf(form)
    if (at >= 0) return text.slice(Math.max(0, at - 60), at + form.length + 20).replaceAll("\n", "\\n")
  }
  return undefined
}
