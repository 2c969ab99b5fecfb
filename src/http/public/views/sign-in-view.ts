// A sign-in as its own person sees it: where they are signed in, since when, and whether it is this phone.
// For the list of sign-ins and for the export of one's own data.
import { instant } from "../../../contract/fields.ts"
import type { SignInView } from "../../../contract/public/auth.ts"
import type { OpenSignIn } from "../../../services/accounts/sign-ins.ts"

/** `thisOne`: the sign-in of the connection that asks. */
export const signInView = (
  { family_id, opened_at, platform, renewed_at }: OpenSignIn,
  thisOne: string
): typeof SignInView.Type => ({
  sign_in_id: family_id,
  opened_at: instant(opened_at),
  renewed_at: instant(renewed_at),
  platform,
  is_this_one: family_id === thisOne
})
