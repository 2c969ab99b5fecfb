// The calls about one's own account in the control center: signing out, staying signed in, another password,
// a second factor, and proving once more who is there. Every role may make them.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { CallError } from "../errors.ts"
import { Id, Instant, shortText } from "../fields.ts"

/** Long enough that guessing it is hopeless behind the lock-out. */
export const NewPassword = shortText(200).check(Schema.isMinLength(12))
/** Six digits of an authenticator app, or a recovery code. */
export const SecondFactorCode = shortText(40)

export const AdminOwnAccountRpcs = RpcGroup.make(
  Rpc.make("admin.sign_out", {
    payload: {},
    success: Schema.Struct({ signed_out: Schema.Boolean }),
    error: CallError
  }),
  /** Another hour for the sign-in that makes the call; then `admin.authenticate` on the same connection. */
  Rpc.make("admin.prolong", {
    payload: {},
    success: Schema.Struct({ access_token: Schema.String, access_expires_at: Instant }),
    error: CallError
  }),
  Rpc.make("admin.step_up", {
    payload: { password: Schema.NullOr(shortText(200)), code: Schema.NullOr(SecondFactorCode) },
    success: Schema.Struct({ proved_until: Instant }),
    error: CallError
  }),
  Rpc.make("admin.password_change", {
    payload: { current_password: shortText(200), new_password: NewPassword },
    /** How many sign-ins ended, this one among them. */
    success: Schema.Struct({ signed_out: Schema.Int }),
    error: CallError
  }),
  Rpc.make("admin.second_factor", {
    payload: {},
    success: Schema.Struct({ is_on: Schema.Boolean, recovery_codes_left: Schema.Int }),
    error: CallError
  }),
  Rpc.make("admin.second_factor_begin", {
    payload: {},
    success: Schema.Struct({ secret: Schema.String, uri: Schema.String }),
    error: CallError
  }),
  Rpc.make("admin.second_factor_confirm", {
    payload: { code: SecondFactorCode },
    /** Shown this once; each takes the place of a code once. */
    success: Schema.Struct({ recovery_codes: Schema.Array(Schema.String) }),
    error: CallError
  }),
  Rpc.make("admin.second_factor_off", {
    payload: {},
    success: Schema.Struct({ was_on: Schema.Boolean }),
    error: CallError
  }),
  /** Of a colleague who lost the phone and the recovery codes. */
  Rpc.make("admin.staff_second_factor_reset", {
    payload: { staff_id: Id },
    success: Schema.Struct({ was_on: Schema.Boolean }),
    error: CallError
  })
)
