// Cipher without keys: everything is kept plain, and whatever is sealed already cannot be read.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Cipher, type Seal } from "../../services/encryption/cipher.ts"
import { cannotOpen, keyIdOf, noSuchKey } from "./sealed-text.ts"

const plain: Seal = (text) => ({ plain: text, sealed: null })

export const layer = Layer.succeed(Cipher)(Cipher.of({
  key_ids: [],
  seals_with: null,
  sealer: () => Effect.succeed(plain),
  open: (sealed, associatedData) => cannotOpen(associatedData, noSuchKey(keyIdOf(sealed))),
  blindIndexesOf: () => ({ written: null, known: [] })
}))
