// Cipher with AES-256-GCM. Each configured key gives two: one that seals, one that marks. The format, the
// key's name and the text's place are all under the tag, so none of them can be exchanged.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject
} from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { SecureRandom } from "effect/crypto"
import { Cipher, type Seal } from "../../services/encryption/cipher.ts"
import { cannotOpen, formatVersion, keyIdOf, noSuchKey, partsOf, sealedText } from "./sealed-text.ts"

export interface EncryptionKey {
  readonly id: string
  /** 32 bytes. */
  readonly bytes: Uint8Array
}

export interface EncryptionKeys {
  readonly keys: ReadonlyArray<EncryptionKey>
  /** False: what is written now stays plain, and what is sealed is read. */
  readonly seals: boolean
}

const algorithm = "aes-256-gcm"
const nonceBytes = 12
const tagBytes = 16

interface Derived {
  readonly id: string
  readonly sealing: KeyObject
  readonly indexing: KeyObject
}

const derive = ({ bytes, id }: EncryptionKey): Derived => {
  const one = (purpose: string) =>
    createSecretKey(Buffer.from(hkdfSync("sha256", bytes, new Uint8Array(), `halobestie ${purpose} v1`, 32)))
  return { id, sealing: one("seal"), indexing: one("mark") }
}

const boundTo = (keyId: string, associatedData: string): Buffer =>
  Buffer.from(`${formatVersion}.${keyId}.${associatedData}`)

const sealWith = (
  { id, sealing }: Derived,
  nonce: Uint8Array,
  text: string,
  associatedData: string
): string => {
  const cipher = createCipheriv(algorithm, sealing, nonce, { authTagLength: tagBytes })
  cipher.setAAD(boundTo(id, associatedData))
  const body = cipher.update(text, "utf8")
  cipher.final()
  return sealedText(id, Buffer.concat([nonce, body, cipher.getAuthTag()]))
}

/** Null when the tag does not fit: another key, other associated data, another text. */
const openWith = ({ id, sealing }: Derived, box: Buffer, associatedData: string): string | null => {
  if (box.length < nonceBytes + tagBytes) return null
  const nonce = box.subarray(0, nonceBytes)
  const decipher = createDecipheriv(algorithm, sealing, nonce, { authTagLength: tagBytes })
  decipher.setAAD(boundTo(id, associatedData))
  decipher.setAuthTag(box.subarray(box.length - tagBytes))
  const text = decipher.update(box.subarray(nonceBytes, box.length - tagBytes), undefined, "utf8")
  try {
    return text + decipher.final("utf8")
  } catch {
    return null
  }
}

const indexWith = ({ id, indexing }: Derived, kind: string, text: string): string =>
  `${id}.${createHmac("sha256", indexing).update(`${kind}:${text}`).digest("base64url")}`

export const layer = (given: Redacted.Redacted<EncryptionKeys>) =>
  Layer.effect(Cipher)(Effect.gen(function*() {
    const random = yield* SecureRandom.SecureRandom
    const { keys, seals } = Redacted.value(given)
    const derived = keys.map(derive)
    const byId = new Map(derived.map((key) => [key.id, key]))
    const first = seals ? derived[0] ?? null : null

    const sealer = (texts: number): Effect.Effect<Seal> =>
      Effect.map(random.randomBytes(first === null ? 0 : texts * nonceBytes), (nonces): Seal => {
        if (first === null) return (text) => ({ plain: text, sealed: null })
        let drawn = 0
        return (text, associatedData) => {
          const nonce = nonces.subarray(drawn, drawn += nonceBytes)
          // A nonce that serves twice gives both texts away.
          if (nonce.length < nonceBytes) throw new Error(`a sealer for ${texts} texts was asked for one more`)
          return { plain: null, sealed: sealWith(first, nonce, text, associatedData) }
        }
      })

    return Cipher.of({
      key_ids: derived.map(({ id }) => id),
      seals_with: first?.id ?? null,
      sealer,
      open: (sealed, associatedData) =>
        Effect.suspend(() => {
          const parts = partsOf(sealed)
          const key = parts === null ? undefined : byId.get(parts.key_id)
          if (parts === null || key === undefined) {
            return cannotOpen(associatedData, noSuchKey(keyIdOf(sealed)))
          }
          const text = openWith(key, parts.box, associatedData)
          return text === null
            ? cannotOpen(associatedData, `key ${key.id} did not seal this, or not for this place`)
            : Effect.succeed(text)
        }),
      blindIndexesOf: (kind, text) => {
        const known = derived.map((key) => indexWith(key, kind, text))
        return { written: first === null ? null : known[0] ?? null, known }
      }
    })
  }))
