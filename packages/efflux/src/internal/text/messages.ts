/**
 * The ends of error messages.
 *
 * @since 0.1.0
 */

export const after = (hint: string | undefined): string => hint === undefined ? "" : `; ${hint}`

// What the server said, at most 256 characters of it and printable.
export const behind = (detail: string): string => detail === "" ? "" : `: ${detail}`
