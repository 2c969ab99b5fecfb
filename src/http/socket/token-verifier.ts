// Turns an access token into the person it was signed for. The listener asks at the upgrade; the
// authenticate call asks later. Signature, expiry and revocation are the implementation's business.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Refusal } from "../../domain/refusal.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import type { Principal } from "./connection.ts"

export class TokenVerifier extends Context.Service<TokenVerifier, {
  /** Refuses with TOKEN_INVALID or TOKEN_EXPIRED; Unavailable when it cannot know. */
  readonly verify: (token: string) => Effect.Effect<Principal, Refusal | Unavailable>
}>()("halobestie/http/TokenVerifier") {}
