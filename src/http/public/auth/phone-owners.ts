// Phone owners: which account a proven phone signs in to: a mitra's, an existing customer's, or the anonymous
// customer's who proves it and can then come back. Only who has proven a phone hears whose it is: before that
// nothing here looks anybody up by it.
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { isPhone } from "../../../domain/phone.ts"
import { refuse } from "../../../domain/refusal.ts"
import type { Side } from "../../../domain/session/state.ts"
import { Accounts } from "../../../services/accounts/accounts.ts"
import type { Principal } from "../../socket/connection.ts"
import { networkOf } from "../networks.ts"

export interface PhoneAsk {
  readonly phone: string
  readonly user_type: Side
  /** Who the connection is already; only ever its verified principal. */
  readonly by: Principal | null
  /** A secret of the asking app, if it has one: see `askerOf`. */
  readonly device_key: string | null
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

/**
 * Who may answer the code: the account that asked, or the app that did, or, for an app without a key, any
 * in its network. Whoever else knows the phone neither uses up this code's attempts nor replaces it.
 */
export const askerOf = ({ by, device_key, remote_address }: PhoneAsk): string =>
  by !== null
    ? `${by.user_type}:${by.user_id}`
    : device_key === null
    ? `network:${networkOf(remote_address)}`
    : `device:${createHash("sha256").update(device_key).digest("hex")}`

/** Refuses what is wrong with the asking account itself: it has another phone already. */
const mayProve = Effect.fnUntraced(function*(customerId: string, phone: string) {
  const account = yield* (yield* Accounts).findCustomer(customerId)
  if (account === null || (account.phone !== null && account.phone !== phone)) return yield* wrongFlow
})

/**
 * Refuses callers that could not sign in even with the right code, by what they themselves are. The answer
 * is the same for every phone: it never tells that somebody is a mitra, or a customer.
 */
export const mayAsk = Effect.fnUntraced(function*(ask: PhoneAsk) {
  if (!isPhone(ask.phone)) {
    return yield* refuse("PHONE_INVALID", "A phone number looks like +628123456789.", { given: ask.phone })
  }
  if (ask.by !== null && ask.by.user_type !== ask.user_type) return yield* otherKind
  if (ask.user_type === "customer" && ask.by !== null) yield* mayProve(ask.by.user_id, ask.phone)
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
