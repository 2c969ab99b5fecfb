// What a sealed text looks like, `1.<key id>.<base64url of nonce, ciphertext, tag>`, and what is said when
// one cannot be opened: the place and the key's name, never a word of the text.
import * as Effect from "effect/Effect"
import { Unavailable } from "../../services/platform/unavailable.ts"

export const formatVersion = "1"

export const sealedText = (keyId: string, box: Buffer): string =>
  `${formatVersion}.${keyId}.${box.toString("base64url")}`

const shape = /^1\.([a-z0-9][a-z0-9_-]{0,31})\.([A-Za-z0-9_-]+)$/

export const partsOf = (sealed: string): { readonly key_id: string; readonly box: Buffer } | null => {
  const [, key_id, box] = shape.exec(sealed) ?? []
  return key_id === undefined || box === undefined ? null : { key_id, box: Buffer.from(box, "base64url") }
}

/** Null for what is no sealed text at all. */
export const keyIdOf = (sealed: string): string | null => partsOf(sealed)?.key_id ?? null

export const noSuchKey = (keyId: string | null): string =>
  keyId === null ? "it is not a sealed text" : `key ${keyId} is not in MESSAGE_ENCRYPTION_KEYS`

const encryption = new Unavailable({ what: "encryption", retryable: false })

/** Fails the reader of that row alone. */
export const cannotOpen = (associatedData: string, why: string): Effect.Effect<never, Unavailable> =>
  Effect.logError("a sealed text cannot be opened").pipe(
    Effect.annotateLogs({ associated_data: associatedData, why }),
    Effect.andThen(Effect.fail(encryption))
  )
