// StaffAuthority by the tokens of the internal listener: signature, live sign-in, active account and role are
// asked by the runner that owns the actor, whatever the runner that sent the call says.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { StaffAuthority } from "../../../actors/staff-authority.ts"
import { refuse } from "../../../domain/refusal.ts"
import { isAllowed } from "../../../domain/staff.ts"
import { Staff } from "../../../services/accounts/staff.ts"
import { count } from "../../../services/operations/figures.ts"
import { Unavailable } from "../../../services/platform/unavailable.ts"
import { TokenVerifier } from "../../socket/token-verifier.ts"
import * as VerifyStaffToken from "./verify-staff-token.ts"

const forbidden = refuse("FORBIDDEN", "This token may not do this.")
/** Of a version from before tokens: nothing is done, and its staff's repeat by a newer runner is. */
const withoutToken = new Unavailable({ what: "staff_token", retryable: true })

/** Between runners of one version this never happens: somebody else speaks on the runner port. */
const tell = (staffId: string) =>
  Effect.suspend(() => {
    count("forged_staff_calls_total")
    return Effect.logWarning("a staff command came without its staff's token").pipe(
      Effect.annotateLogs({ staff_id: staffId })
    )
  })

export const layer = Layer.effect(StaffAuthority)(
  Effect.gen(function*() {
    const verifier = yield* TokenVerifier
    const staff = yield* Staff
    return StaffAuthority.of({
      allows: Effect.fnUntraced(function*({ staff_id, token }, needed) {
        if (token === undefined) {
          yield* tell(staff_id)
          return yield* withoutToken
        }
        const principal = yield* verifier.verify(token).pipe(
          Effect.tapError((error) => error._tag === "Refusal" ? tell(staff_id) : Effect.void)
        )
        const account = yield* staff.findStaff(staff_id)
        if (principal.user_id === staff_id && account !== null && isAllowed(account.role, needed)) return
        yield* tell(staff_id)
        return yield* forbidden
      })
    })
  })
).pipe(Layer.provide(VerifyStaffToken.layer))
