// Staff with a chat before them: they give it to another mitra, close it, or wave a proposal away. They
// decide on what they saw a moment ago, so now and then it is not true any more.
import * as Effect from "effect/Effect"
import type { Dice } from "../../kernel/seeded-random.ts"
import { mitraId } from "../founding.ts"
import type { Answer } from "../connection.ts"
import { type Staff, tryTo } from "./staff.ts"

/** As they read it on the list: the session, and whose it is. */
const runningChat = ({ stage }: Staff, dice: Dice): { id: string; mitra_id: string } | null => {
  const running = [...stage.world.stores.tables.chat_sessions.values()].flatMap(({ id, mitra_id, status }) =>
    mitra_id !== null && ["active", "extending", "closing"].includes(status) ? [{ id, mitra_id }] : []
  )
  return running.length === 0 ? null : dice.pick(running)
}

const readsForMs = 6_000

const target = Effect.fnUntraced(function*(staff: Staff, dice: Dice, session_id: string) {
  const found = yield* tryTo(staff, "admin.session_candidates", { session_id, limit: 10 })
  const candidates: ReadonlyArray<Answer> = found?.["candidates"] ?? []
  yield* Effect.sleep(dice.between(200, readsForMs))
  // Sometimes by name, whoever she is and wherever.
  return candidates.length === 0 || dice.chance(0.1)
    ? mitraId(dice.integer(1, Math.max(1, staff.stage.options.mitras)))
    : dice.pick(candidates)["mitra_id"] as string
})

export const reroute = Effect.fnUntraced(function*(staff: Staff, dice: Dice) {
  const chat = runningChat(staff, dice)
  if (chat === null) return
  const mitra_id = yield* target(staff, dice, chat.id)
  yield* tryTo(staff, "admin.reroute", {
    command_id: staff.app.newId(),
    session_id: chat.id,
    from_mitra_id: chat.mitra_id,
    mitra_id,
    reason: "she asked for it"
  })
})

/** What the list of absent mitras asks for: most are given to another, some are waved away. */
export const workThroughProposals = Effect.fnUntraced(function*(staff: Staff, dice: Dice) {
  const page = yield* tryTo(staff, "admin.session_proposals", { status: "open", before: null, limit: 20 })
  for (const { mitra_id: from_mitra_id, proposal_id, session_id } of page?.["proposals"] ?? []) {
    yield* Effect.sleep(dice.between(200, readsForMs))
    if (dice.chance(0.3)) {
      yield* tryTo(staff, "admin.dismiss_proposal", { proposal_id, reason: "she will be back" })
      continue
    }
    const mitra_id = yield* target(staff, dice, session_id)
    const command = {
      command_id: staff.app.newId(),
      session_id,
      from_mitra_id,
      mitra_id,
      reason: "she is gone"
    }
    yield* tryTo(staff, "admin.reroute", command)
  }
})

export const forceClose = Effect.fnUntraced(function*(staff: Staff, dice: Dice) {
  const chat = runningChat(staff, dice)
  if (chat === null) return
  yield* Effect.sleep(dice.between(200, readsForMs))
  const command = { command_id: staff.app.newId(), session_id: chat.id, reason: "reported" }
  yield* tryTo(staff, "admin.force_close", command)
})
