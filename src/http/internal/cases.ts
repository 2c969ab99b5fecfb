// Handlers of the calls about reports. Each reads or changes one port; every one that shows what people said,
// or changes something, leaves its entry in the audit log.
import * as Effect from "effect/Effect"
import { asSystem } from "../../actors/turn-call.ts"
import { MitraActors } from "../../actors/mitra/protocol.ts"
import { instant, instantOrNull } from "../../contract/fields.ts"
import { AdminCaseRpcs, type CaseLineView } from "../../contract/staff/cases.ts"
import { refuse } from "../../domain/refusal.ts"
import type { Person, Resolution } from "../../domain/trust.ts"
import { PersonalData } from "../../services/personal-data/personal-data.ts"
import { type CaseLine, Trust } from "../../services/trust/trust.ts"
import { answering } from "../public/handlers/answering.ts"
import { entryOf } from "./change-entry.ts"
import { currentStaff, originOf } from "./staff/current-staff.ts"

const noSuchCase = (case_id: string) => refuse("NOT_FOUND", "There is no such case.", { case_id })

const lineView = (line: CaseLine): typeof CaseLineView.Type => ({
  case_id: line.id,
  session_id: line.session_id,
  customer_id: line.customer_id,
  customer_name: line.customer_name,
  mitra_id: line.mitra_id,
  mitra_name: line.mitra_name,
  by_side: line.by_side,
  reason: line.reason,
  created_at: instant(line.created_at),
  resolved_at: instantOrNull(line.resolved_at),
  resolved_by: line.resolved_by,
  resolution: line.resolution,
  is_paused: line.is_paused
})

const list = Effect.fnUntraced(function*(open: boolean, before: string | null, limit: number) {
  const found = yield* (yield* Trust).cases({ open, before, limit: limit + 1 })
  const shown = found.slice(0, limit)
  return { cases: shown.map(lineView), next: found.length > limit ? shown.at(-1)?.id ?? null : null }
})

const read = Effect.fnUntraced(function*(caseId: string) {
  const found = yield* (yield* Trust).readCase(caseId, yield* entryOf("case.read", "case", caseId))
  if (found === null) return yield* noSuchCase(caseId)
  const evidence = found.evidence.map((message) => ({ ...message, sent_at: instant(message.sent_at) }))
  return { ...lineView(found), words: found.words, evidence }
})

/** She is online until her own actor hears of it; what is missed here the sweep finds. */
const takeOffline = Effect.fnUntraced(function*() {
  const mitras = yield* MitraActors
  const online = yield* (yield* Trust).pausedOnline(10)
  for (const id of online) {
    yield* Effect.ignore(mitras.run(id, asSystem({ _tag: "PauseForReports" })))
  }
})

const resolve = Effect.fnUntraced(function*(caseId: string, resolution: Resolution, note: string) {
  const entry = yield* entryOf("case.resolve", "case", caseId)
  const resolved = yield* (yield* Trust).resolveCase(caseId, resolution, note, entry)
  if (resolved === "unknown") return yield* noSuchCase(caseId)
  if (resolved === "resolved_before") {
    return yield* refuse("ALREADY_RESOLVED", "A colleague has resolved this case.", { case_id: caseId })
  }
  if (resolution === "paused") yield* takeOffline()
  return { resolved: true } as const
})

const lift = Effect.fnUntraced(function*(person: Person) {
  const entry = yield* entryOf("pause.lift", person.user_type, person.user_id)
  return { lifted: yield* (yield* Trust).liftPause(person, entry) }
})

/** Deactivated first, which takes back her offers and closes her sockets; nothing of a chat is cut. */
const deleteMitra = Effect.fnUntraced(function*(commandId: string, mitraId: string) {
  const staff = yield* currentStaff
  yield* (yield* MitraActors).run(mitraId, {
    sender_id: staff.sender_id,
    command_id: commandId,
    command: { _tag: "Deactivate", staff_id: staff.staff_id },
    staff: originOf(staff)
  })
  const entry = yield* entryOf("mitra.delete", "mitra", mitraId)
  const ended = yield* (yield* PersonalData).erase({ user_type: "mitra", user_id: mitraId }, entry.at, entry)
  if (ended._tag === "Busy") {
    return yield* refuse("ACCOUNT_BUSY", "She has chats that are not over. Give them to others first.", {
      session_id: ended.session_id,
      payment_id: null
    })
  }
  return { deleted: true } as const
})

export const layer = AdminCaseRpcs.toLayer({
  "admin.cases": ({ before, limit, open }) => answering(list(open, before, limit)),
  "admin.case": ({ case_id }) => answering(read(case_id)),
  "admin.case_resolve": ({ case_id, note, resolution }) => answering(resolve(case_id, resolution, note)),
  "admin.pause_lift": (person) => answering(lift(person)),
  "admin.mitra_delete": ({ command_id, mitra_id }) => answering(deleteMitra(command_id, mitra_id))
})
