// The mirror as staff see it, and the reseed they may order.
import * as Effect from "effect/Effect"
import type { MirrorHealth, ReseedView } from "../../contract/staff/staff-views.ts"
import { instant, instantOrNull } from "../../contract/fields.ts"
import { Staff } from "../../services/accounts/staff.ts"
import { Mirror, type ReseedReport } from "../../services/availability/mirror.ts"
import { currentStaff } from "./staff/current-staff.ts"
import { entryOf } from "./change-entry.ts"

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
  const entry = yield* entryOf("mirror.reseed", "mirror", "valkey")
  const mirror = yield* Mirror
  // Audited first, so that no reseed goes unrecorded; doing it twice does no harm.
  const before = { state: (yield* mirror.status).state }
  yield* (yield* Staff).appendAudit({ ...entry, before, after: null })
  return reseedView(yield* mirror.reseed)
})
