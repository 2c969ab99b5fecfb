// What people write, as text: how long it is, whether it can be kept at all, whether anybody can see it, and
// what may be a name. Characters are code points, everywhere: what Postgres' char_length counts, and what a
// phone can count without tables that change every year, as those of grapheme clusters do.

/** Length in code points: an emoji is one, a family of four is the seven it is made of. */
export const characters = (text: string): number => [...text].length

/**
 * False for a NUL or half of a surrogate pair. JSON carries both, Postgres stores neither: such a text
 * would not be refused but fail the commit of its whole turn.
 */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\u0000")

// Joiners, fillers, variation selectors and direction marks are default ignorable; the blank braille pattern
// is the one visible character by its properties that shows nothing.
const visible = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\u2800]/u

/** Whether a person sees anything of it. */
export const isVisible = (text: string): boolean => visible.test(text)

/** Control characters, ends of lines and paragraphs, and what turns the direction of the words around it. */
const outsideNames = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/** A name is shown inside other people's sentences: visible, on one line, and leaving them as they are. */
export const isName = (text: string): boolean =>
  isStorable(text) && isVisible(text) && !outsideNames.test(text)

/** What is read as each of these Latin letters: of other scripts, and digits. An l and a 1 read as an i. */
const readAs: Readonly<Record<string, string>> = {
  a: "\u0430\u03b1\u0251@4",
  b: "\u044c\u03b2\u0432",
  d: "\u0501",
  e: "\u0435\u03b5\u04513",
  h: "\u04bb\u043d",
  i: "\u0456\u03b9\u0131\u04cf\u01c0l1|",
  m: "\u043c",
  n: "\u0578\u03b7",
  o: "\u043e\u03bf\u05050",
  r: "\u0433",
  s: "\u0455\u05735$",
  t: "\u0442\u03c47"
}
const letterOf = new Map(
  Object.entries(readAs).flatMap(([letter, others]) => [...others].map((other) => [other, letter] as const))
)
const folded = (text: string): string => [...text].map((each) => letterOf.get(each) ?? each).join("")

const ours = folded("halobestie")
const reserved = new RegExp(`${ours}|(^|[^\\p{L}])(admin|${folded("administrator")})($|[^\\p{L}])`, "u")

/** Whether a name that somebody gives to themselves reads as ours. */
export const isReservedName = (name: string): boolean => {
  const plain = name.normalize("NFKC").toLowerCase().replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "")
  const letters = folded(plain)
  return reserved.test(letters) || letters.replaceAll(/[^\p{L}]/gu, "").includes(ours)
}
