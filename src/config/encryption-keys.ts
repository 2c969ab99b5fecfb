// MESSAGE_ENCRYPTION_KEYS: `id:base64 of 32 bytes`, comma separated. The first key seals what is written, all
// of them open. `plain` in front of the keys means that nothing new is sealed while all is still read.
import * as Redacted from "effect/Redacted"
import { optionalSecret } from "./variables.ts"

export interface EncryptionKeys {
  readonly keys: ReadonlyArray<{ readonly id: string; readonly bytes: Uint8Array }>
  /** False: what is written now stays plain. */
  readonly seals: boolean
}

const plain = "plain"
const keyShape = /^([a-z0-9][a-z0-9_-]{0,31}):([A-Za-z0-9+/]{43}=)$/

const keyOf = (text: string) => {
  const [, id, base64] = keyShape.exec(text) ?? []
  if (id === undefined || base64 === undefined || id === plain) return null
  const bytes = Buffer.from(base64, "base64")
  // The last letter has two bits too many: one key, one spelling.
  return bytes.toString("base64") === base64 ? { id, bytes } : null
}

/** Null when it is not what the variable must look like; a name may be there once. */
export const encryptionKeysOf = (text: string): EncryptionKeys | null => {
  const parts = text.split(",").map((part) => part.trim())
  const seals = parts[0] !== plain
  const keys = (seals ? parts : parts.slice(1)).map(keyOf).filter((key) => key !== null)
  const isWhole = keys.length > 0 && keys.length === parts.length - (seals ? 0 : 1)
  return isWhole && new Set(keys.map(({ id }) => id)).size === keys.length ? { keys, seals } : null
}

export const encryptionKeys = (name: string) =>
  optionalSecret(
    name,
    "one or more comma separated keys like name:base64 of 32 bytes, each name once, the sealing key first",
    (given) => encryptionKeysOf(given) !== null
  )

/** The keys of a configuration that was accepted. */
export const redactedKeys = (given: Redacted.Redacted | null): Redacted.Redacted<EncryptionKeys> | null => {
  const keys = given === null ? null : encryptionKeysOf(Redacted.value(given))
  return keys === null ? null : Redacted.make(keys)
}
