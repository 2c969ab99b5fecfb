// Handlers of the push calls: the outbox in numbers, its dead letters, what it cost, and sending dead letters
// again.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { AdminPushRpcs, type DeadLetterView, type PushOutboxView } from "../../contract/staff/pushes.ts"
import { instant } from "../../contract/fields.ts"
import { Push } from "../../services/push/push.ts"
import { type DeadLetter, PushOutbox } from "../../services/push/push-outbox.ts"
import { Settings } from "../../services/settings/settings.ts"
import { answering } from "../public/handlers/answering.ts"
import { currentStaff } from "./staff/current-staff.ts"
import { entryOf } from "./change-entry.ts"

export const inNumbers = Effect.gen(function*() {
  yield* currentStaff
  const now = yield* Clock.currentTimeMillis
  const { dead, hold, open } = yield* (yield* PushOutbox).depth(now)
  const view: typeof PushOutboxView.Type = {
    provider: (yield* Push).provider,
    paused: (yield* (yield* Settings).current).push_paused,
    hold: hold === null ? null : { until: instant(hold.until), reason: hold.reason },
    open: open.map(({ count, kind, oldest_created_at }) => ({
      kind,
      count,
      oldest_age_ms: Math.max(0, now - oldest_created_at)
    })),
    dead_letters: dead
  }
  return view
})

const letterView = ({ id, ...letter }: DeadLetter): typeof DeadLetterView.Type => ({
  ...letter,
  push_id: id,
  created_at: instant(letter.created_at),
  expires_at: instant(letter.expires_at),
  died_at: instant(letter.died_at)
})

const deadLetters = Effect.fnUntraced(
  function*(page: { readonly before: string | null; readonly limit: number }) {
    yield* currentStaff
    const letters = yield* (yield* PushOutbox).deadLetters(page)
    return { dead_letters: letters.map(letterView) }
  }
)

const replay = Effect.fnUntraced(
  function*(payload: { readonly command_id: string; readonly push_id: string | null }) {
    const { sender_id } = yield* currentStaff
    const { command_id, push_id } = payload
    const entry = yield* entryOf("push.replay", "push", push_id ?? "all")
    return yield* (yield* PushOutbox).replay(push_id, { sender_id, command_id }, entry)
  }
)

const costs = Effect.fnUntraced(function*(days: number) {
  yield* currentStaff
  return { costs: yield* (yield* PushOutbox).costs(yield* Clock.currentTimeMillis, days) }
})

export const layer = AdminPushRpcs.toLayer({
  "admin.push_outbox": () => answering(inNumbers),
  "admin.push_dead_letters": (page) => answering(deadLetters(page)),
  "admin.push_replay": (payload) => answering(replay(payload)),
  "admin.push_costs": ({ days }) => answering(costs(days))
})
