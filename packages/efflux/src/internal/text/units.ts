/**
 * The length and the UTF-16 units of texts of all kinds, for hot loops.
 *
 * V8 finds a property of a text by how the text is stored: flat, joined, cut out of another, interned, with one byte or two
 * for a character. A place in the code that has met more than four of these kinds looks the property up at each read, which
 * takes five times as long as reading a character. A borrowed method is not looked up, and neither is the length of what
 * `+ ""` gives, which is known to be a text.
 *
 * @since 0.1.0
 */
const { charCodeAt } = String.prototype

/**
 * The number of UTF-16 units.
 *
 * @category look-up
 * @since 0.1.0
 */
export const lengthOf = (text: string): number => (text + "").length

/**
 * The UTF-16 unit at an index, which must be within the text.
 *
 * @category look-up
 * @since 0.1.0
 */
export const unitAt = (text: string, index: number): number => charCodeAt.call(text, index)
