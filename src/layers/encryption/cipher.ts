// Cipher as configured: with keys, or without any.
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { SecureRandom } from "effect/crypto"
import * as Aes from "./cipher.aes.ts"
import * as None from "./cipher.none.ts"

/** Null: there are no keys, and everything is as plain as it arrives. */
export const layerFor = (keys: Redacted.Redacted<Aes.EncryptionKeys> | null) =>
  keys === null ? None.layer : Aes.layer(keys).pipe(Layer.provide(SecureRandom.layerWebCrypto))
