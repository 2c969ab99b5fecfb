// Sign-in calls. They need no identity; `auth.authenticate` gives this connection one, from a token
// the server itself signed. Nothing else ever does. Signing out takes it away, here or everywhere.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { CallError } from "../errors.ts"
import { Id, Instant, shortText } from "../fields.ts"

export const Tokens = Schema.Struct({
  user_type: Schema.Literals(["customer", "mitra"]),
  user_id: Id,
  access_token: Schema.String,
  access_expires_at: Instant,
  refresh_token: Schema.String,
  refresh_expires_at: Instant
})
export type Tokens = typeof Tokens.Type

/** Tokens for a proven phone. */
export const ProvenTokens = Schema.Struct({
  ...Tokens.fields,
  /**
   * Set when an anonymous customer proved the phone of another one: the account these tokens are for, and to
   * which the anonymous account belongs from now on.
   */
  account_belongs_to: Schema.NullOr(Id)
})
export type ProvenTokens = typeof ProvenTokens.Type

/** The ways in that this server offers. */
export const Providers = Schema.Struct({
  anonymous: Schema.Boolean,
  phone: Schema.Boolean,
  google: Schema.Boolean,
  apple: Schema.Boolean
})

const PhoneUser = Schema.Literals(["customer", "mitra"])

/**
 * A secret that an app makes once and keeps: with it a code can be answered only by the app that asked for
 * it, from any network. Without it, by any app of the same network.
 */
const DeviceKey = Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{16,64}$/)))

export const Authenticated = Schema.Struct({
  user_type: Schema.Literals(["customer", "mitra"]),
  user_id: Id,
  access_expires_at: Instant,
  server_now: Instant,
  wire_version: Schema.Int
})

/** One place where a person is signed in. */
export const SignInView = Schema.Struct({
  sign_in_id: Id,
  opened_at: Instant,
  renewed_at: Instant,
  /** Of the device that gets its pushes. */
  platform: Schema.NullOr(Schema.Literals(["android", "ios"])),
  /** The one of this connection. */
  is_this_one: Schema.Boolean
})

export const AuthRpcs = RpcGroup.make(
  Rpc.make("auth.sign_in_anonymous", {
    payload: { call_name: shortText(40) },
    success: Tokens,
    error: CallError
  }),
  Rpc.make("auth.request_code", {
    payload: { phone: shortText(20), user_type: PhoneUser, device_key: DeviceKey },
    success: Schema.Struct({ expires_at: Instant, next_code_after_seconds: Schema.Int }),
    error: CallError
  }),
  Rpc.make("auth.verify_code", {
    payload: { phone: shortText(20), user_type: PhoneUser, code: shortText(12), device_key: DeviceKey },
    success: ProvenTokens,
    error: CallError
  }),
  Rpc.make("auth.refresh", {
    payload: { refresh_token: shortText(200) },
    success: Tokens,
    error: CallError
  }),
  Rpc.make("auth.authenticate", {
    payload: { access_token: shortText(4000) },
    success: Authenticated,
    error: CallError
  }),
  Rpc.make("auth.providers", { payload: {}, success: Providers, error: CallError }),
  Rpc.make("auth.sign_out", {
    /** `everywhere`: all sign-ins of this person, not only the one of this connection. */
    payload: { everywhere: Schema.Boolean },
    success: Schema.Struct({ signed_out: Schema.Literals([true]) }),
    error: CallError
  }),
  /** Where this person is signed in, newest first. */
  Rpc.make("auth.sign_ins", {
    payload: {},
    success: Schema.Struct({ sign_ins: Schema.Array(SignInView) }),
    error: CallError
  }),
  Rpc.make("auth.end_sign_in", {
    payload: { sign_in_id: Id },
    success: Schema.Struct({ ended: Schema.Literals([true]) }),
    error: CallError
  })
)
