// The Trust suite over the memory adapters.
import { SecureRandom } from "effect/crypto"
import * as Layer from "effect/Layer"
import { trust } from "../../../testkit/conformance/trust.ts"
import * as Written from "../../../testkit/conformance/written.ts"
import * as StoresMemory from "../../../testkit/memory/stores.memory.ts"
import * as Tables from "../../../testkit/memory/store/tables.ts"

trust(
  "memory",
  Layer.merge(StoresMemory.layer, Written.layerMemory).pipe(
    Layer.provide([Tables.layer, SecureRandom.layerWebCrypto])
  )
)
