// The Oversight suite over Postgres, plain and with sealed texts.
import { SecureRandom } from "effect/crypto"
import * as Layer from "effect/Layer"
import * as CipherNone from "../../../src/layers/encryption/cipher.none.ts"
import { oversight } from "../../../testkit/conformance/oversight.ts"
import { sealing } from "../../support/keys.ts"
import { freshDatabase } from "../../support/postgres.ts"
import { onPostgres } from "../on-postgres.ts"

const adapters = onPostgres.pipe(Layer.provide([freshDatabase, SecureRandom.layerWebCrypto]))

oversight("postgres", adapters.pipe(Layer.provide(CipherNone.layer)))
oversight("postgres, sealed", adapters.pipe(Layer.provide(sealing("k1"))))
