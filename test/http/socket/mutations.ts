// Damages valid frames at random, from a seed: bytes, text and JSON structure. Knows nothing of the calls
// in the frames, so that any corpus can be used.
export interface Prng {
  /** 0 up to, not including, `below`. */
  readonly roll: (below: number) => number
  readonly pick: <A>(values: ReadonlyArray<A>) => A
}

/** mulberry32: small, seeded, good enough to damage frames. */
export const makePrng = (seed: number): Prng => {
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
const damageTree = (prng: Prng, root: unknown): unknown => {
  if (!isTree(root)) return prng.pick(nasty)
  const copy: Json = Array.isArray(root) ? [...root] : { ...root }
  const tree = copy as Record<string, unknown>
  const key = prng.pick([...Object.keys(tree), "extra", "_tag"])
  const below = tree[key]
  if (isTree(below) && prng.roll(2) === 0) tree[key] = damageTree(prng, below)
  else if (prng.roll(3) === 0) delete tree[key]
  else tree[key] = prng.pick(nasty)
  return copy
}

/** Cuts, doubles or replaces a stretch of bytes. */
const damageBytes = (prng: Prng, frame: string): Uint8Array => {
  const bytes = new TextEncoder().encode(frame)
  const at = prng.roll(bytes.length)
  const end = at + prng.roll(Math.min(20, bytes.length - at) + 1)
  const middle = [
    () => new Uint8Array(0),
    () => Uint8Array.from([...bytes.subarray(at, end), ...bytes.subarray(at, end)]),
    () => Uint8Array.from({ length: end - at }, () => prng.roll(256)),
    () => bytes.subarray(at, end).map((byte) => byte ^ (1 << prng.roll(8)))
  ]
  return Uint8Array.from([...bytes.subarray(0, at), ...prng.pick(middle)(), ...bytes.subarray(end)])
}

const damageText = (prng: Prng, frame: string): string => {
  const at = prng.roll(frame.length)
  const token = prng.pick(["{", "}", "[", "]", ",", ":", "\"", "\\", "null", "1e999", "\\u0000", " ", "-"])
  return frame.slice(0, at) + token + frame.slice(at + prng.roll(3))
}

/** One damaged frame: text, or bytes that may not be UTF-8 any more. */
export const mutate = (prng: Prng, message: unknown): string | Uint8Array => {
  const frame = JSON.stringify(message)
  switch (prng.roll(5)) {
    case 0:
      return damageBytes(prng, frame)
    case 1:
      return damageText(prng, frame)
    case 2:
      return JSON.stringify([message, damageTree(prng, message), message])
    case 3:
      return JSON.stringify(damageTree(prng, damageTree(prng, message)))
    default:
      return JSON.stringify(damageTree(prng, message))
  }
}
