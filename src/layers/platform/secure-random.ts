// Secure random numbers of the platform, with the bytes of ids drawn from the system many at a time: a call
// for 16 bytes costs what a call for 4,096 costs. Secrets (tokens, codes, nonces) are of other sizes, and
// each has a call of its own: nothing of them lies about beforehand.
import { SecureRandom } from "effect/crypto"
import * as Layer from "effect/Layer"

const idBytes = 16
const poolBytes = 4_096
/** What one call of the platform gives at most. */
const callMax = 65_536

type Draw = (bytes: Uint8Array<ArrayBuffer>) => unknown

const drawn = (draw: Draw, size: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at += callMax) draw(bytes.subarray(at, at + callMax))
  return bytes
}

/** Each byte is given once, and forgotten here as it is. */
export const makeRandomBytes = (draw: Draw) => {
  let pool = new Uint8Array(0)
  let given = 0
  return (size: number): Uint8Array => {
    if (size !== idBytes) return drawn(draw, size)
    if (given === pool.length) {
      pool = drawn(draw, poolBytes)
      given = 0
    }
    const bytes = pool.slice(given, given + size)
    pool.fill(0, given, given + size)
    given += size
    return bytes
  }
}

export const layer = Layer.sync(
  SecureRandom.SecureRandom,
  () => SecureRandom.make(makeRandomBytes((bytes) => crypto.getRandomValues(bytes)))
)
