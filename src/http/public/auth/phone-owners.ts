// Phone owners: which account a proven phone signs in to: a mitra's, an existing customer's, or the anonymous
// customer's who proves it and can then come back. Asked before a code is sent and again before it counts.
import * as Effect from "effect/Effect"
import { isPhone, proofOf } from "../../../domain/phone.ts"
import { refuse } from "../../../domain/refusal.ts"
import type { Side } from "../../../domain/session/state.ts"
import { Accounts } from "../../../services/accounts/accounts.ts"
import type { Principal } from "../../socket/connection.ts"

export interface PhoneAsk {
  readonly phone: string
  readonly user_type: Side
  /** Who the connection is already; only ever its verified principal. */
  readonly by: Principal | null
  /** The address of the other end. */
  readonly remote_address: string
}

/** Whose tokens a proven phone buys. */
export interface PhoneOwner {
  readonly user_type: Side
  readonly user_id: string
  readonly account_belongs_to: string | null
}

const unknown = (side: Side) =>
  refuse(
    "ACCOUNT_NOT_FOUND",
    side === "mitra" ? "No bestie is registered with this phone." : "Nobody has signed up with this phone."
  )

const wrongFlow = refuse(
  "WRONG_FLOW",
  "This account cannot take that phone. Sign out first to use another one."
)

const otherKind = refuse(
  "WRONG_FLOW",
  "This connection is signed in as another kind of user. Open a new connection to change accounts."
)

const activeMitra = Effect.fnUntraced(function*(phone: string) {
  const mitra = yield* (yield* Accounts).findMitraByPhone(phone)
  if (mitra === null) return yield* unknown("mitra")
  if (!mitra.is_active) {
    return yield* refuse("ACCOUNT_INACTIVE", "This account is not active. Please contact support.")
  }
  return mitra.id
})

const existingCustomer = Effect.fnUntraced(function*(phone: string) {
  const customer = yield* (yield* Accounts).findCustomerByPhone(phone)
  return customer === null ? yield* unknown("customer") : customer.id
})

/** Refuses when a signed-in customer could not prove this phone. Decided for good only by `claim`. */
const mayProve = Effect.fnUntraced(function*(customerId: string, phone: string) {
  const accounts = yield* Accounts
  const account = yield* accounts.findCustomer(customerId)
  const proof = proofOf(account, yield* accounts.findCustomerByPhone(phone), phone)
  if (proof._tag === "WrongFlow") return yield* wrongFlow
})

/** Refuses callers that could not sign in even with the right code: none is sent, and none is compared. */
export const mayAsk = Effect.fnUntraced(function*(ask: PhoneAsk) {
  if (!isPhone(ask.phone)) {
    return yield* refuse("PHONE_INVALID", "A phone number looks like +628123456789.", { given: ask.phone })
  }
  if (ask.by !== null && ask.by.user_type !== ask.user_type) return yield* otherKind
  if (ask.user_type === "mitra") yield* activeMitra(ask.phone)
  else if (ask.by === null) yield* existingCustomer(ask.phone)
  else yield* mayProve(ask.by.user_id, ask.phone)
})

/** To be called once the code was right. Dying afterwards is harmless: proving it again ends the same. */
export const claim = Effect.fnUntraced(function*(ask: PhoneAsk) {
  const owner = (user_id: string, account_belongs_to: string | null = null): PhoneOwner => ({
    user_type: ask.user_type,
    user_id,
    account_belongs_to
  })
  if (ask.user_type === "mitra") return owner(yield* activeMitra(ask.phone))
  if (ask.by === null) return owner(yield* existingCustomer(ask.phone))
  const proof = yield* (yield* Accounts).provePhone(ask.by.user_id, ask.phone)
  switch (proof._tag) {
    case "Proven":
      return owner(ask.by.user_id)
    case "BelongsTo":
      return owner(proof.customer_id, proof.customer_id)
    case "WrongFlow":
      return yield* wrongFlow
  }
})
