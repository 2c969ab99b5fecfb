// A sign-in that is revoked ends its sockets within a second, on every runner, and is refused from
// then on: this rule sees a phone that stays connected, or connects again, with it.
import type { AuthSessionRow } from "../../testkit/memory/store/tables.ts"
import type { MakeRule, Phone } from "./rule.ts"

/** The second of the rule above, and the way of the close frame to the phone. */
const withinMs = 2_300
const recoveryMs = 60_000
const checkEveryMs = 2_000

/** Of which sign-in a token speaks, as the simulation's own signer wrote it. */
const familyOf = (token: string): string | null => {
  try {
    return JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).auth_session_id ?? null
  } catch {
    return null
  }
}

export const signIns: MakeRule = (context, complain) => {
  /** By sign-in: since when it is over. */
  const overSince = new Map<string, number>()
  const families = new WeakMap<object, string | null>()
  const reported = new Set<string>()
  let checkedAt = 0

  const revoked = ({ after }: { readonly after: AuthSessionRow | undefined }) => {
    if (after === undefined || after.revoked_at === null || overSince.has(after.family_id)) return
    overSince.set(after.family_id, context.now_ms())
  }

  const signInOf = ({ tokens }: Phone): string | null => {
    if (tokens === null) return null
    const known = families.get(tokens)
    if (known !== undefined) return known
    const family = familyOf(tokens.access_token)
    families.set(tokens, family)
    return family
  }

  const check = (phone: Phone) => {
    const family = signInOf(phone)
    const since = family === null ? undefined : overSince.get(family)
    if (family === null || since === undefined || reported.has(family)) return
    if (context.now_ms() - since < withinMs || context.connectedFor_ms(phone) < withinMs) return
    reported.add(family)
    complain(
      `${phone.name} is connected with a sign-in that was revoked ${context.now_ms() - since} ms ago`,
      {
        people: [phone.name]
      }
    )
  }

  return {
    rows: { auth_sessions: revoked },
    onInterval: () => {
      if (context.now_ms() - checkedAt < checkEveryMs || overSince.size === 0) return
      checkedAt = context.now_ms()
      if (context.calmFor_ms() < recoveryMs) return
      for (const phone of context.phones()) if (phone.role !== "staff" && phone.isConnected) check(phone)
    }
  }
}
