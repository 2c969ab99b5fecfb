// A hand-over as staff order it, for the tests of what the three people concerned see of it.
import * as Effect from "effect/Effect"
import { SessionActors } from "../../../src/actors/session/protocol.ts"
import { Staff } from "../../../src/services/accounts/staff.ts"
import { givenStaff, staffId } from "../../../testkit/conformance/given.ts"
import { newCommand } from "../phone.ts"

export const rerouteCommand = (from_mitra_id: string, mitra_id: string) =>
  ({ _tag: "Reroute", staff_id: staffId, from_mitra_id, mitra_id, reason: "she fell ill" }) as const

/** As `admin.reroute` does it. */
export const handOver = Effect.fnUntraced(function*(
  session_id: string,
  from: { readonly id: string },
  to: { readonly id: string },
  command_id = newCommand()
) {
  if ((yield* (yield* Staff).findStaff(staffId)) === null) yield* givenStaff
  return yield* (yield* SessionActors).run(session_id, {
    sender_id: `staff:${staffId}`,
    command_id,
    command: rerouteCommand(from.id, to.id),
    staff: { staff_id: staffId, peer: "127.0.0.1" }
  })
})
