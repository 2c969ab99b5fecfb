// One secret, several purposes: a key for each is derived from it (HKDF), so that what one purpose shows to
// the world tells nothing about another. Each key has a name that says which secret it comes from, and
// nothing else; while a secret is being replaced there are two of each.
import { createHash, hkdfSync } from "node:crypto"
import * as Redacted from "effect/Redacted"

export type KeyPurpose = "phone tokens" | "staff tokens" | "one-time codes" | "bus" | "runners"

export interface DerivedKey {
  readonly name: string
  readonly bytes: Uint8Array
}

const length = 32

/** Of each of the comma separated secrets, in their order: the first one makes, all of them are accepted. */
export const derivedKeys = (
  secrets: Redacted.Redacted,
  purpose: KeyPurpose
): ReadonlyArray<DerivedKey> =>
  Redacted.value(secrets).split(",").map((part) => part.trim()).filter((part) => part.length > 0)
    .map((secret) => {
      const bytes = new Uint8Array(hkdfSync("sha256", secret, "halobestie", purpose, length))
      return { name: createHash("sha256").update(bytes).digest("hex").slice(0, 16), bytes }
    })

export const keyBytes = (
  secrets: Redacted.Redacted,
  purpose: KeyPurpose
): readonly [Uint8Array, ...ReadonlyArray<Uint8Array>] => {
  const [first, ...others] = derivedKeys(secrets, purpose).map(({ bytes }) => bytes)
  if (first === undefined) throw new Error("a key is derived from at least one secret")
  return [first, ...others]
}

/** As text, for whoever takes secrets as they stand in the environment. */
export const derivedSecrets = (secrets: Redacted.Redacted, purpose: KeyPurpose): Redacted.Redacted =>
  Redacted.make(
    derivedKeys(secrets, purpose).map(({ bytes }) => Buffer.from(bytes).toString("hex")).join(",")
  )

/** The secrets themselves, then what is derived from them: between two versions that make different ones. */
export const withTheirOwn = (secrets: Redacted.Redacted, purpose: KeyPurpose): Redacted.Redacted =>
  Redacted.make(`${Redacted.value(secrets)},${Redacted.value(derivedSecrets(secrets, purpose))}`)

/** The other way round: derived ones are made, the secrets themselves are still accepted. */
export const beforeTheirOwn = (secrets: Redacted.Redacted, purpose: KeyPurpose): Redacted.Redacted =>
  Redacted.make(`${Redacted.value(derivedSecrets(secrets, purpose))},${Redacted.value(secrets)}`)
