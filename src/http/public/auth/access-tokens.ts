// AccessTokens: the short-lived JWTs a person shows at the door. HS256 only; the first secret signs,
// every secret verifies, so a key can be rotated without signing people out. Time is the Clock's.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto"
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from "jose"
import { Id } from "../../../contract/fields.ts"
import { type Refusal, refuse } from "../../../domain/refusal.ts"
import type { UserType } from "../../../services/accounts/sign-ins.ts"
import type { Principal } from "../../socket/connection.ts"

export const accessLifetimeSeconds = 3600

const Claims = Schema.Struct({
  sub: Id,
  user_type: Schema.Literals(["customer", "mitra", "staff"]),
  session_id: Id,
  /** Only with a token that came with a rotated refresh token: its row. */
  jti: Schema.optionalKey(Id),
  iat: Schema.Int,
  exp: Schema.Int
})

const decodeClaims = Schema.decodeUnknownEffect(Claims)

export class AccessTokens extends Context.Service<AccessTokens, {
  readonly sign: (
    owner: Omit<Principal, "expires_at" | "token">
  ) => Effect.Effect<{ readonly token: string; readonly expires_at: number }>
  /** Only what the token itself says: whether its sign-in is still live is SignIns' business. */
  readonly verify: (
    token: string,
    accepted: ReadonlyArray<UserType>
  ) => Effect.Effect<Principal, Refusal>
}>()("halobestie/http/AccessTokens") {}

const invalid = refuse("TOKEN_INVALID", "This access token is not valid. Sign in again.")
const expired = refuse("TOKEN_EXPIRED", "This access token has run out. Refresh it.")

/** Each of the comma separated secrets, trimmed, as key bytes. */
export const secretsOf = (secrets: Redacted.Redacted): ReadonlyArray<Uint8Array> =>
  Redacted.value(secrets).split(",").map((part) => part.trim()).filter((part) => part.length > 0)
    .map((part) => new TextEncoder().encode(part))

/** What a token says that this key signed; null when it did not, or is none of ours. */
const signedBy = (token: string, key: KeyObject): JWTPayload | null => {
  const end = token.lastIndexOf(".")
  // Here, and not by the library: it has only the way through another thread, four times the CPU.
  const signature = createHmac("sha256", key).update(token.slice(0, Math.max(0, end))).digest("base64url")
  const [expected, shown] = [Buffer.from(signature), Buffer.from(token.slice(end + 1))]
  if (shown.length !== expected.length || !timingSafeEqual(shown, expected)) return null
  const { alg, crit } = decodeProtectedHeader(token)
  return alg === "HS256" && crit === undefined ? decodeJwt(token) : null
}

const requiredClaims = ["sub", "user_type", "session_id", "iat", "exp"]

/** `now` in seconds. */
const timedClaims = (payload: JWTPayload, now: number): Effect.Effect<JWTPayload, Refusal> => {
  const { exp, nbf } = payload
  if (requiredClaims.some((claim) => payload[claim] === undefined)) return invalid
  if (nbf !== undefined && !(typeof nbf === "number" && nbf <= now)) return invalid
  if (typeof exp !== "number") return invalid
  return exp <= now ? expired : Effect.succeed(payload)
}

/** An expired token is expired, not invalid, whichever key signed it. */
const verifyWithAny = (token: string, keys: ReadonlyArray<KeyObject>, now: number) =>
  Effect.suspend(() => {
    try {
      for (const key of keys) {
        const payload = signedBy(token, key)
        if (payload !== null) return timedClaims(payload, now)
      }
    } catch {
      // What is no token at all.
    }
    return invalid
  })

interface TokenKeys {
  readonly phones: ReadonlyArray<Uint8Array>
  readonly staff: ReadonlyArray<Uint8Array>
}

/** The one that signs, of keys that are all accepted. */
export const signerOf = ([first]: ReadonlyArray<Uint8Array>): Uint8Array => {
  if (first === undefined) throw new Error("AUTH_JWT_SECRET needs at least one secret")
  return first
}

const make = (keys: TokenKeys) => {
  const signers = { phones: signerOf(keys.phones), staff: signerOf(keys.staff) }
  const keyOf = (secret: Uint8Array) => createSecretKey(secret)
  const verifiers = { phones: keys.phones.map(keyOf), staff: keys.staff.map(keyOf) }
  const kindOf = (isStaff: boolean) => isStaff ? "staff" : "phones"

  const sign = Effect.fnUntraced(function*(owner: Omit<Principal, "expires_at" | "token">) {
    const issuedAt = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const expiresAt = issuedAt + accessLifetimeSeconds
    const jwt = new SignJWT({ user_type: owner.user_type, session_id: owner.auth_session_id })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setSubject(owner.user_id).setIssuedAt(issuedAt).setExpirationTime(expiresAt)
    if (owner.rotated_row !== undefined) jwt.setJti(owner.rotated_row)
    const token = yield* Effect.promise(() => jwt.sign(signers[kindOf(owner.user_type === "staff")]))
    return { token, expires_at: expiresAt * 1000 }
  })

  const verify = Effect.fnUntraced(function*(token: string, accepted: ReadonlyArray<UserType>) {
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const payload = yield* verifyWithAny(token, verifiers[kindOf(accepted.includes("staff"))], now)
    const claims = yield* Effect.mapError(decodeClaims(payload), () => invalid)
    if (!accepted.includes(claims.user_type)) return yield* invalid
    return {
      user_type: claims.user_type,
      user_id: claims.sub,
      auth_session_id: claims.session_id,
      expires_at: claims.exp * 1000,
      ...(claims.jti === undefined ? {} : { rotated_row: claims.jti }),
      ...(claims.user_type === "staff" ? { token } : {})
    }
  })

  return AccessTokens.of({ sign, verify })
}

export interface TokenSecrets {
  /** Comma separated: the first one signs, all of them are accepted. */
  readonly secrets: Redacted.Redacted
  /** Staff's own, where a key that signs phones' tokens must not make a staff member. */
  readonly staff_secrets?: Redacted.Redacted
}

export const layer = ({ secrets, staff_secrets = secrets }: TokenSecrets) =>
  Layer.sync(AccessTokens)(() => make({ phones: secretsOf(secrets), staff: secretsOf(staff_secrets) }))
