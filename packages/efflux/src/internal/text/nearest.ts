/**
 * Finds the name that a misspelled one was probably meant to be.
 *
 * @since 0.1.0
 */

/**
 * The nearest of several names: few edits away, or, unless the search is `strict`, an abbreviation or one that
 * contains it. `undefined` if none is near.
 */
export const nearest = (name: string, names: Iterable<string>, strict = false): string | undefined => {
  if (name.length > 64) return undefined
  const wanted = plain(name)
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const candidate of names) {
    const distance = distanceOf(wanted, plain(candidate), strict)
    if (distance !== undefined && (best === undefined || distance < best.distance)) best = { name: candidate, distance }
  }
  return best?.name
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "")

const distanceOf = (wanted: string, name: string, strict: boolean): number | undefined => {
  const edits = editsBetween(wanted, name)
  if (edits < wanted.length && edits <= Math.max(1, Math.floor(Math.min(wanted.length, name.length) / 4))) return edits
  if (strict) return undefined
  // "queue" for `queueCapacity` and "db" for `database` need many edits, but are obvious to a reader, as is
  // "organization" for `org`.
  const contains = name.length >= 4 && wanted.includes(name) || name.length === 3 && wanted.startsWith(name)
  if (wanted.length >= 4 && (name.includes(wanted) || contains)) {
    return (name[0] === wanted[0] ? 10 : 15) + edits
  }
  return wanted.length >= 2 && isAbbreviation(wanted, name) ? 20 + edits : undefined
}

const isAbbreviation = (short: string, long: string): boolean => {
  let matched = 0
  for (const letter of long) if (letter === short[matched]) matched++
  return short[0] === long[0] && matched === short.length
}

// Insertions, deletions, replacements, and swaps of neighbours.
const editsBetween = (a: string, b: string): number => {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    rows.push([i])
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      rows[i][j] = Math.min(
        rows[i - 1][j] + 1,
        rows[i][j - 1] + 1,
        rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1),
        swapped ? rows[i - 2][j - 2] + 1 : Number.POSITIVE_INFINITY
      )
    }
  }
  return rows[a.length][b.length]
}
