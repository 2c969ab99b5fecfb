// A sign-in that is revoked ends its sockets within a second, on every runner, and opens no door any more:
// whoever stays connected, or comes back with it, is seen here.
import type { AuthSessionRow } from "../../testkit/memory/store/tables.ts"
import type { MakeRule, Phone } from "./rule.ts"

/** The second that was promised, and the way of the last word to the phone. */
const withinMs = 2_300
const recoveryMs = 60_000
const lookEveryMs = 2_000

/** Of which sign-in a token speaks, as the simulation's own signer wrote it. */
const familyOf = (token: string): string | null => {
  try {
    return JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).auth_session_id ?? null
  } catch {
    return null
  }
}

export const signIns: MakeRule = (scene, complain) => {
  /** By sign-in: since when it is over. */
  const overSince = new Map<string, number>()
  const families = new WeakMap<object, string | null>()
  const reported = new Set<string>()
  let lookedAt = 0

  const revoked = ({ after }: { readonly after: AuthSessionRow | undefined }) => {
    if (after === undefined || after.revoked_at === null || overSince.has(after.family_id)) return
    overSince.set(after.family_id, scene.now_ms())
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
    if (scene.now_ms() - since < withinMs || scene.connectedFor_ms(phone) < withinMs) return
    reported.add(family)
    complain(`${phone.name} is connected with a sign-in that was revoked ${scene.now_ms() - since} ms ago`, {
      people: [phone.name]
    })
  }

  return {
    rows: { auth_sessions: revoked },
    beat: () => {
      if (scene.now_ms() - lookedAt < lookEveryMs || overSince.size === 0) return
      lookedAt = scene.now_ms()
      if (scene.calmFor_ms() < recoveryMs) return
      for (const phone of scene.phones()) if (phone.role !== "staff" && phone.isConnected) check(phone)
    }
  }
}
