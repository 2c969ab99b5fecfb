// Sign-in calls. They need no identity; `auth.authenticate` gives this connection one, from a token
// the server itself signed. Nothing else ever does.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { CallError } from "./errors.ts"
import { Id, Instant, shortText } from "./fields.ts"

export const Tokens = Schema.Struct({
  user_type: Schema.Literals(["customer", "mitra"]),
  user_id: Id,
  access_token: Schema.String,
  access_expires_at: Instant,
  refresh_token: Schema.String,
  refresh_expires_at: Instant
})
export type Tokens = typeof Tokens.Type

export const Authenticated = Schema.Struct({
  user_type: Schema.Literals(["customer", "mitra"]),
  user_id: Id,
  access_expires_at: Instant,
  server_now: Instant,
  wire_version: Schema.Int
})

export const AuthRpcs = RpcGroup.make(
  Rpc.make("auth.sign_in_anonymous", {
    payload: { call_name: shortText(40) },
    success: Tokens,
    error: CallError
  }),
  Rpc.make("auth.request_code", {
    payload: { phone: shortText(20), user_type: Schema.Literals(["mitra"]) },
    success: Schema.Struct({ expires_at: Instant, next_code_after_seconds: Schema.Int }),
    error: CallError
  }),
  Rpc.make("auth.verify_code", {
    payload: { phone: shortText(20), user_type: Schema.Literals(["mitra"]), code: shortText(12) },
    success: Tokens,
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
  })
)
