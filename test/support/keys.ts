// Encryption keys for tests: made from their names, so that every process of a test has the same ones.
import { createHash } from "node:crypto"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { SecureRandom } from "effect/crypto"
import * as CipherAes from "../../src/layers/encryption/cipher.aes.ts"

const bytesOf = (id: string): Buffer => createHash("sha256").update(`test key ${id}`).digest()

/** MESSAGE_ENCRYPTION_KEYS with these keys. */
export const keysVariable = (...ids: ReadonlyArray<string>): string =>
  ids.map((id) => id === "plain" ? id : `${id}:${bytesOf(id).toString("base64")}`).join(",")

/** Seals with the first, opens with all; "plain" in front seals nothing. */
export const sealing = (...ids: ReadonlyArray<string>) =>
  CipherAes.layer(Redacted.make({
    keys: ids.filter((id) => id !== "plain").map((id) => ({ id, bytes: bytesOf(id) })),
    seals: ids[0] !== "plain"
  })).pipe(Layer.provide(SecureRandom.layerWebCrypto))
