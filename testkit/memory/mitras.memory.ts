// Mitras in memory: one mitra's row, its owner, slots and log in the shared in-memory store.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { MitraState } from "../../src/domain/mitra.ts"
import { type Activity, Mitras } from "../../src/services/accounts/mitras.ts"
import { missedOffers } from "./missed-offers.memory.ts"
import { betweenStatements } from "./store/statements.ts"
import { MemoryTables, type Tables } from "./store/tables.ts"

const stateOf = (tables: Tables, mitraId: string): MitraState | null => {
  const account = tables.mitras.get(mitraId)
  const status = tables.mitra_status.get(mitraId)
  if (account === undefined || status === undefined) return null
  return {
    id: mitraId,
    display_name: account.display_name,
    is_active: account.is_active,
    is_online: status.is_online,
    online_since: status.online_since,
    is_draining: status.is_draining,
    hold: status.hold
  }
}

const claim = Effect.fnUntraced(function*(tables: Tables, mitraId: string, runner: string) {
  const status = tables.mitra_status.get(mitraId)
  if (status === undefined) return null
  const epoch = status.owner_epoch + 1
  tables.mitra_status.set(mitraId, { ...status, owner_epoch: epoch, owner_runner: runner })
  yield* betweenStatements
  const state = stateOf(tables, mitraId)
  return state === null ? null : { epoch, state }
})

const count = <A>(all: ReadonlyArray<A>, is: (one: A) => boolean): number => all.filter(is).length

/** As percentile_cont(0.5) has it: the mean of the two in the middle. */
const medianOf = (sorted: ReadonlyArray<number>): number | null => {
  const middle = (sorted.length - 1) / 2
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}

const activity = (tables: Tables, mitraId: string, since: number, until: number): Activity => {
  const within = (at: number): boolean => since <= at && at < until
  const offers = tables.chat_request_notifications.where("mitra", mitraId)
    .filter((offer) => within(offer.sent_at))
  const chats = tables.mitra_assignments.where("mitra", mitraId)
    .filter((row) => within(row.started_at))
  const times = offers
    .flatMap(({ responded_at, sent_at, status }) =>
      responded_at !== null && (status === "accepted" || status === "declined")
        ? [responded_at - sent_at]
        : []
    )
    .toSorted((a, b) => a - b)
  const sum = times.reduce((all, one) => all + one, 0)
  return {
    offers: offers.length,
    accepted: count(offers, ({ status }) => status === "accepted"),
    declined: count(offers, ({ status }) => status === "declined"),
    missed: count(offers, ({ status }) => status === "missed"),
    run_out: count(offers, ({ ending }) => ending === "expired"),
    called_off: count(offers, ({ ending }) => ending === "cancelled" || ending === "withdrawn"),
    open: count(offers, ({ status }) => status === "pending"),
    response_ms_mean: times.length === 0 ? null : sum / times.length,
    response_ms_median: medianOf(times),
    chats: chats.length,
    chats_taken_over: count(chats, (row) => row.by_staff_id !== null),
    chats_handed_over: count(chats, (row) => row.left_seq !== null)
  }
}

export const layer = Layer.effect(Mitras)(
  Effect.map(MemoryTables, (tables) =>
    Mitras.of({
      ...missedOffers(tables),
      claim: (mitraId, runner) => claim(tables, mitraId, runner),
      find: (mitraId) => Effect.sync(() => stateOf(tables, mitraId)),
      ownerOf: (mitraId) =>
        Effect.sync(() => {
          const status = tables.mitra_status.get(mitraId)
          return status === undefined ? null : { runner: status.owner_runner, epoch: status.owner_epoch }
        }),
      slotsOf: (mitraId) =>
        Effect.sync(() =>
          tables.mitra_slots.where("mitra", mitraId)
            .toSorted((a, b) => a.slot - b.slot)
            .map(({ slot, session_id }) => ({ slot, session_id }))
        ),
      activity: (mitraId, since, until) => Effect.sync(() => activity(tables, mitraId, since, until)),
      onlineLog: (mitraId, limit) =>
        Effect.sync(() =>
          tables.mitra_online_logs
            .filter((row) => row.mitra_id === mitraId)
            .toReversed()
            .slice(0, limit)
            .map(({ is_online, cause, at }) => ({ is_online, cause, at }))
        ),
      drained: (limit) =>
        Effect.sync(() =>
          [...tables.mitra_status.values()]
            .filter(({ is_draining, mitra_id }) =>
              is_draining && tables.mitra_slots.where("mitra", mitra_id).length === 0
            )
            .map(({ mitra_id }) => mitra_id)
            .toSorted()
            .slice(0, limit)
        ),
      offersToWithdraw: (limit) =>
        Effect.sync(() =>
          tables.chat_request_notifications.where("status", "pending")
            .filter((row) =>
              tables.mitras.get(row.mitra_id)?.is_active === false ||
              tables.mitra_status.get(row.mitra_id)?.is_draining === true ||
              tables.blocks.where("customer", tables.chat_sessions.get(row.session_id)?.customer_id ?? "")
                .some(({ mitra_id }) => mitra_id === row.mitra_id)
            )
            .map(({ mitra_id, session_id }) => ({ session_id, mitra_id }))
            .toSorted((a, b) =>
              a.session_id === b.session_id
                ? (a.mitra_id < b.mitra_id ? -1 : 1)
                : (a.session_id < b.session_id ? -1 : 1)
            )
            .slice(0, limit)
        )
    }))
)
