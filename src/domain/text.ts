// What people write, as text: how long it is to a person, and whether it can be kept at all.

/** Length as a person counts it, in code points: an emoji is one. */
export const characters = (text: string): number => [...text].length

/**
 * False for a NUL or half of a surrogate pair. JSON carries both, Postgres stores neither: such a text
 * would not be refused but fail the commit of its whole turn.
 */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\u0000")
