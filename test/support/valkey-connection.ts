// A runner's connection to a test's Valkey, as production makes it.
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { layer, type ValkeyTimings } from "../../src/layers/platform/valkey/connection.ts"

export const valkeyAt = (url: string, timings: Partial<ValkeyTimings> = {}) =>
  Layer.orDie(layer({ url: Redacted.make(url), timings }))
