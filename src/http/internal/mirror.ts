// The mirror as staff see it, and the reseed they may order.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"
import type { MirrorHealth, ReseedView } from "../../contract/staff/staff-views.ts"
import { instant, instantOrNull } from "../../contract/fields.ts"
import { Staff } from "../../services/accounts/staff.ts"
import { Mirror, type ReseedReport } from "../../services/availability/mirror.ts"
import { currentStaff } from "./staff/current-staff.ts"

const reseedView = (report: ReseedReport): typeof ReseedView.Type => ({ ...report, at: instant(report.at) })

export const mirrorHealth = Effect.gen(function*() {
  yield* currentStaff
  const status = yield* (yield* Mirror).status
  const health: typeof MirrorHealth.Type = {
    ...status,
    connected_since: instantOrNull(status.connected_since),
    last_seed: status.last_seed === null ? null : reseedView(status.last_seed)
  }
  return health
})

export const reseedMirror = Effect.gen(function*() {
  const staff = yield* currentStaff
  const mirror = yield* Mirror
  // Audited first, so that no reseed goes unrecorded; doing it twice does no harm.
  yield* (yield* Staff).appendAudit({
    id: yield* (yield* SecureRandom.SecureRandom).uuidV7(),
    staff_id: staff.staff_id,
    action: "mirror.reseed",
    target_type: "mirror",
    target_id: "valkey",
    before: { state: (yield* mirror.status).state },
    after: null,
    peer: staff.peer,
    at: yield* Clock.currentTimeMillis
  })
  return reseedView(yield* mirror.reseed)
})
