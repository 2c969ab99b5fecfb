// Phones: their form, and what proving one does for a customer: it becomes theirs, or their account joins the
// existing one of this phone. Decides only; its caller keeps both accounts locked meanwhile.

const e164 = /^\+[1-9][0-9]{6,14}$/
// Mobile numbers only, which get codes. Behind +62 neither the national zero nor another 62 may follow: both
// are spellings that people type of a number that somebody else may have registered rightly.
const indonesian = /^\+628[0-9]{7,11}$/

/** E.164 and nothing else, so that one phone has one spelling. */
export const isPhone = (text: string): boolean =>
  e164.test(text) && (!text.startsWith("+62") || indonesian.test(text))

/** For logs that are kept for ever: enough to recognise one's own, too little to call. */
export const maskedPhone = (phone: string): string => `${phone.slice(0, 3)}***${phone.slice(-3)}`

export interface ProvingCustomer {
  readonly id: string
  readonly phone: string | null
  readonly belongs_to: string | null
}

/** Proven: the phone is theirs now, or was already. WrongFlow: nothing changes. */
export type Proof =
  | { readonly _tag: "Proven" }
  | { readonly _tag: "BelongsTo"; readonly customer_id: string }
  | { readonly _tag: "WrongFlow" }

/** `owner` is the customer with this phone now. A proven phone is never exchanged for another here. */
export const proofOf = (
  account: ProvingCustomer | null,
  owner: ProvingCustomer | null,
  phone: string
): Proof => {
  if (account === null) return { _tag: "WrongFlow" }
  if (account.phone !== null) return { _tag: account.phone === phone ? "Proven" : "WrongFlow" }
  const belongsTo = owner === null ? null : owner.id
  if (account.belongs_to !== null && account.belongs_to !== belongsTo) return { _tag: "WrongFlow" }
  return belongsTo === null ? { _tag: "Proven" } : { _tag: "BelongsTo", customer_id: belongsTo }
}
