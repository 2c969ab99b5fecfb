// Damages valid frames at random, from a seed: bytes, text and JSON structure. Knows nothing of the calls
// in the frames, so that any corpus can be used.
export interface Dice {
  /** 0 up to, not including, `below`. */
  readonly roll: (below: number) => number
  readonly pick: <A>(values: ReadonlyArray<A>) => A
}

/** mulberry32: small, seeded, good enough to damage frames. */
export const makeDice = (seed: number): Dice => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const roll = (below: number) => Math.floor(next() * below)
  return { roll, pick: (values) => values[roll(values.length)]! }
}

const nasty: ReadonlyArray<unknown> = [
  null,
  true,
  0,
  -1,
  1e308,
  0.1,
  "",
  " ",
  "\u0000",
  "\ud800",
  "😀".repeat(100),
  "x".repeat(5_000),
  "__proto__",
  "constructor",
  [],
  {},
  [[[[[[[[]]]]]]]],
  { _tag: "Request" },
  { __proto__: null, toString: 1 },
  [null, null]
]

type Json = Record<string, unknown> | Array<unknown>

const isTree = (value: unknown): value is Json => typeof value === "object" && value !== null

/** Replaces, removes, doubles or adds one field somewhere in the message. */
const damageTree = (dice: Dice, root: unknown): unknown => {
  if (!isTree(root)) return dice.pick(nasty)
  const copy: Json = Array.isArray(root) ? [...root] : { ...root }
  const tree = copy as Record<string, unknown>
  const key = dice.pick([...Object.keys(tree), "extra", "_tag"])
  const below = tree[key]
  if (isTree(below) && dice.roll(2) === 0) tree[key] = damageTree(dice, below)
  else if (dice.roll(3) === 0) delete tree[key]
  else tree[key] = dice.pick(nasty)
  return copy
}

/** Cuts, doubles or replaces a stretch of bytes. */
const damageBytes = (dice: Dice, frame: string): Uint8Array => {
  const bytes = new TextEncoder().encode(frame)
  const at = dice.roll(bytes.length)
  const end = at + dice.roll(Math.min(20, bytes.length - at) + 1)
  const middle = [
    () => new Uint8Array(0),
    () => Uint8Array.from([...bytes.subarray(at, end), ...bytes.subarray(at, end)]),
    () => Uint8Array.from({ length: end - at }, () => dice.roll(256)),
    () => bytes.subarray(at, end).map((byte) => byte ^ (1 << dice.roll(8)))
  ]
  return Uint8Array.from([...bytes.subarray(0, at), ...dice.pick(middle)(), ...bytes.subarray(end)])
}

const damageText = (dice: Dice, frame: string): string => {
  const at = dice.roll(frame.length)
  const token = dice.pick(["{", "}", "[", "]", ",", ":", "\"", "\\", "null", "1e999", "\\u0000", " ", "-"])
  return frame.slice(0, at) + token + frame.slice(at + dice.roll(3))
}

/** One damaged frame: text, or bytes that may not be UTF-8 any more. */
export const mutate = (dice: Dice, message: unknown): string | Uint8Array => {
  const frame = JSON.stringify(message)
  switch (dice.roll(5)) {
    case 0:
      return damageBytes(dice, frame)
    case 1:
      return damageText(dice, frame)
    case 2:
      return JSON.stringify([message, damageTree(dice, message), message])
    case 3:
      return JSON.stringify(damageTree(dice, damageTree(dice, message)))
    default:
      return JSON.stringify(damageTree(dice, message))
  }
}
