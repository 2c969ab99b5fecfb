// Payloads that travel through Valkey carry a proof that a runner of this fleet made them: whoever can
// publish there could otherwise put words on a phone's screen, or sign people out. Accepts what any of the
// keys signed, so that the secret can be replaced.
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto"

export type BusKeys = readonly [Uint8Array, ...ReadonlyArray<Uint8Array>]

export interface SignedPayloads {
  readonly sign: (payload: string) => string
  /** The payload; null when nobody with a key has signed it. */
  readonly open: (signed: string) => string | null
}

/** Of 32 bytes, in base64url. */
const proofLength = 43

const proofOf = (key: KeyObject, payload: string): Buffer =>
  createHmac("sha256", key).update(payload).digest()

export const signedPayloads = ([first, ...others]: BusKeys): SignedPayloads => {
  // Made once: of bytes one would be made for each payload.
  const signer = createSecretKey(first)
  const keys = [signer, ...others.map((key) => createSecretKey(key))]
  return {
    sign: (payload) => proofOf(signer, payload).toString("base64url") + payload,
    open: (signed) => {
      const proof = Buffer.from(signed.slice(0, proofLength), "base64url")
      const payload = signed.slice(proofLength)
      const isOurs = keys.some((key) => {
        const expected = proofOf(key, payload)
        return proof.length === expected.length && timingSafeEqual(proof, expected)
      })
      return isOurs ? payload : null
    }
  }
}
