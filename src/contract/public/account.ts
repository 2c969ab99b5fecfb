// One's own data: to have all of it, and to have it deleted. Both for who is signed in on this connection.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { CallError } from "../errors.ts"
import { Id, Instant, shortText } from "../fields.ts"
import { MessageView, SessionView } from "../views.ts"
import { SignInView } from "./auth.ts"

const HeldAccountView = Schema.Struct({
  user_type: Schema.Literals(["customer", "mitra"]),
  user_id: Id,
  name: Schema.String,
  phone: Schema.NullOr(Schema.String),
  created_at: Instant,
  sign_ins: Schema.Array(SignInView),
  devices: Schema.Array(Schema.Struct({ platform: Schema.String, registered_at: Instant })),
  payments: Schema.Array(Schema.Struct({
    payment_id: Id,
    status: Schema.String,
    product: Schema.String,
    amount_idr: Schema.Int,
    created_at: Instant,
    confirmed_at: Schema.NullOr(Instant)
  }))
})

export const AccountRpcs = RpcGroup.make(
  /** Page by page: first the account, then each chat that is over with its messages. */
  Rpc.make("account.export", {
    payload: { cursor: Schema.NullOr(shortText(120)) },
    success: Schema.Struct({
      account: Schema.NullOr(HeldAccountView),
      session: Schema.NullOr(SessionView),
      messages: Schema.Array(MessageView),
      next: Schema.NullOr(Schema.String)
    }),
    error: CallError
  }),
  /** Customers only. A bestie's account is deleted by staff. */
  Rpc.make("customer.delete_account", {
    payload: {},
    success: Schema.Struct({ deleted: Schema.Literals([true]) }),
    error: CallError
  })
)
