// What every Journal and SessionOversight adapter must hold when a chat changes hands: both mitras' places in
// one turn, one mitra at a time, and the proposals to staff that come and go with the mitra's absence.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import { SessionOversight } from "../../src/services/sessions/session-oversight.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { atOnce, givenStaff, idOf, minute, staffId, t0 } from "./given.ts"
import * as Stage from "./stage.ts"
import { accept, asCustomer, mitra, session } from "./stage.ts"
import { Written } from "./written.ts"

type Body = Effect.Effect<void, unknown, Stage.Stage>
type Test = (title: string, body: Body) => void

const codeOf = (verdict: Effect.Success<ReturnType<typeof Stage.act>>): string =>
  verdict._tag === "Refused" ? verdict.refusal.code : verdict._tag

const reroute = (from: number, to: number) =>
  ({
    _tag: "Reroute",
    staff_id: staffId,
    from_mitra_id: mitra(from),
    mitra_id: mitra(to),
    reason: "ill"
  }) as const

const hand = (owner: Stage.Owner, from: number, to: number, at: number, max = 3) =>
  Stage.act(owner, reroute(from, to), {
    at,
    settings: { max_customers_per_mitra: max },
    reroute_to: { mitra_name: Stage.mitraName(to) }
  })

const slotsOf = (n: number) =>
  Effect.flatMap(
    Mitras,
    (mitras) =>
      Effect.map(mitras.slotsOf(mitra(n)), (slots) => slots.map(({ session_id, slot }) => [slot, session_id]))
  )

/** Session `n` with mitra 1; mitras 1 to 3 exist. */
const givenChats = Effect.fnUntraced(function*(...numbers: ReadonlyArray<number>) {
  yield* givenStaff
  yield* Stage.givenMitras(1, 2, 3)
  return yield* Effect.forEach(numbers, (n) => Stage.givenChat(n, 1))
})

const places = (test: Test) => {
  test(
    "a hand-over frees the one's place and takes the other's, and is read back as it was decided",
    Effect.gen(function*() {
      const [chat] = yield* givenChats(1)
      assert.strictEqual(codeOf(yield* hand(chat!, 1, 2, t0 + 100)), "Committed")
      assert.deepStrictEqual(yield* slotsOf(1), [])
      assert.deepStrictEqual(yield* slotsOf(2), [[0, session(1)]])
      const stored = yield* (yield* Sessions).find(session(1))
      assert.deepStrictEqual(stored, chat!.state)
      assert.lengthOf(stored?.assignments ?? [], 2)
      yield* Stage.act(chat!, { _tag: "End", by: asCustomer(1) }, { at: t0 + 200 })
      yield* Stage.act(chat!, { _tag: "Goodbye", by: asCustomer(1), text: "" }, { at: t0 + 210 })
      assert.deepStrictEqual(yield* (yield* Sessions).find(session(1)), chat!.state)
      assert.deepStrictEqual(yield* slotsOf(2), [])
    })
  )

  test(
    "a hand-over to a mitra without room changes nothing at all",
    Effect.gen(function*() {
      const [chat] = yield* givenChats(1)
      yield* Stage.givenChat(2, 2)
      const before = yield* (yield* Written).everything
      assert.strictEqual(codeOf(yield* hand(chat!, 1, 2, t0 + 100, 1)), "MITRA_AT_CAPACITY")
      assert.deepStrictEqual(yield* (yield* Written).everything, before)
      assert.strictEqual(codeOf(yield* hand(chat!, 1, 3, t0 + 110, 1)), "Committed")
    })
  )

  test(
    "a hand-over to a mitra who was deactivated meanwhile changes nothing at all",
    Effect.gen(function*() {
      const [chat] = yield* givenChats(1)
      yield* Stage.actAsMitra(2, { _tag: "Deactivate", staff_id: staffId }, t0 + 50)
      const before = yield* (yield* Written).everything
      assert.strictEqual(codeOf(yield* hand(chat!, 1, 2, t0 + 100)), "ACCOUNT_INACTIVE")
      assert.deepStrictEqual(yield* (yield* Written).everything, before)
    })
  )

  test(
    "of hand-overs and an accept at once exactly as many get a place as she has",
    Effect.gen(function*() {
      const chats = yield* givenChats(1, 2, 3)
      const request = yield* Stage.givenRequest(4)
      yield* Stage.offer(request, t0 + 10, 2)
      const handing = chats.map((chat) => hand(chat, 1, 2, t0 + 100, 2))
      const accepting = Stage.act(request, accept(2), {
        at: t0 + 30,
        settings: { max_customers_per_mitra: 2 }
      })
      const codes = (yield* atOnce([...handing, accepting])).map(codeOf)
      assert.strictEqual(codes.filter((code) => code === "Committed").length, 2)
      assert.strictEqual(codes.filter((code) => code === "MITRA_AT_CAPACITY").length, 2)
      assert.lengthOf(yield* slotsOf(2), 2)
      const moved = codes.slice(0, 3).filter((code) => code === "Committed").length
      assert.lengthOf(yield* slotsOf(1), 3 - moved)
    })
  )

  test(
    "two chats that change places find no room where both mitras are full",
    Effect.gen(function*() {
      const [first] = yield* givenChats(1)
      const second = yield* Stage.givenChat(2, 2)
      const verdicts = yield* atOnce([hand(first!, 1, 2, t0 + 100, 1), hand(second, 2, 1, t0 + 100, 1)])
      assert.deepStrictEqual(verdicts.map(codeOf), ["MITRA_AT_CAPACITY", "MITRA_AT_CAPACITY"])
      assert.deepStrictEqual(yield* slotsOf(1), [[0, session(1)]])
      assert.deepStrictEqual(yield* slotsOf(2), [[0, session(2)]])
    })
  )
}

const gone = (cause: "mitra_offline" | "mitra_deactivated", since: number) => ({ cause, since })

const look = (owner: Stage.Owner, at: number, mitra_absence: ReturnType<typeof gone> | null) =>
  Stage.act(owner, { _tag: "CheckMitra" }, { at, mitra_absence })

const all = { status: null, before: null, limit: 10 } as const
const proposals = Effect.flatMap(SessionOversight, (port) => port.proposals(all))
const told = Effect.map(
  proposals,
  (found) =>
    found.map(({ cause, decided_by, resolution, session_id, status }) => [
      session_id,
      cause,
      status,
      resolution,
      decided_by
    ])
)

const entry = (n: number, at: number) => ({
  id: idOf(0xad100 + n),
  staff_id: staffId,
  action: "proposal.dismiss",
  target_type: "reroute_proposal",
  target_id: "x",
  peer: "127.0.0.1",
  at
})

const proposing = (test: Test) => {
  test(
    "a chat without its mitra is proposed once, under the newest cause, and read back with its absence",
    Effect.gen(function*() {
      const [chat] = yield* givenChats(1)
      yield* look(chat!, t0 + 100, gone("mitra_offline", t0 + 40))
      yield* look(chat!, t0 + 110, gone("mitra_offline", t0 + 40))
      yield* look(chat!, t0 + 120, gone("mitra_deactivated", t0 + 120))
      assert.deepStrictEqual(yield* proposals, [{
        id: (yield* proposals)[0]?.id ?? "",
        session_id: session(1),
        session_status: "active",
        customer_name: "Sari 1",
        mitra_id: mitra(1),
        mitra_name: Stage.mitraName(1),
        cause: "mitra_deactivated",
        since: t0 + 120,
        status: "open",
        created_at: t0 + 100,
        decided_at: null,
        decided_by: null,
        resolution: null
      }])
      assert.deepStrictEqual(yield* (yield* Sessions).find(session(1)), chat!.state)
    })
  )

  test(
    "a proposal is accepted by the hand-over, and resolved by her return or the end of the paid time",
    Effect.gen(function*() {
      const [first, second, third] = yield* givenChats(1, 2, 3)
      for (const chat of [first!, second!, third!]) {
        yield* look(chat, t0 + 100, gone("mitra_offline", t0 + 40))
      }
      yield* hand(first!, 1, 2, t0 + 110)
      yield* look(second!, t0 + 120, null)
      yield* Stage.act(third!, { _tag: "End", by: asCustomer(3) }, { at: t0 + 130 })
      assert.sameDeepMembers([...yield* told], [
        [session(1), "mitra_offline", "accepted", "rerouted", staffId],
        [session(2), "mitra_offline", "resolved", "mitra_back", null],
        [session(3), "mitra_offline", "resolved", "session_ended", null]
      ])
      yield* look(second!, t0 + 140, gone("mitra_offline", t0 + 130))
      assert.lengthOf(yield* told, 4)
    })
  )

  test(
    "a proposal is dismissed once, with its audit entry, and stays dismissed whatever comes",
    Effect.gen(function*() {
      const [chat] = yield* givenChats(1)
      yield* look(chat!, t0 + 100, gone("mitra_offline", t0 + 40))
      const port = yield* SessionOversight
      const id = (yield* proposals)[0]?.id ?? ""
      const dismissed = yield* atOnce(
        [1, 2].map((n) => port.dismissProposal(id, "she calls back", entry(n, t0 + 110)))
      )
      assert.sameMembers(dismissed.map(({ _tag }) => _tag), ["Dismissed", "Decided"])
      assert.lengthOf(yield* (yield* Written).auditIds, 1)
      yield* look(chat!, t0 + 120, null)
      assert.deepStrictEqual(yield* told, [
        [session(1), "mitra_offline", "dismissed", "she calls back", staffId]
      ])
      const unknown = yield* port.dismissProposal(idOf(0x77), "no", entry(3, t0 + 130))
      assert.deepStrictEqual(unknown, { _tag: "Unknown" })
    })
  )

  test(
    "proposals come newest first, by status, page by page",
    Effect.gen(function*() {
      const chats = yield* givenChats(1, 2, 3)
      for (const [n, chat] of chats.entries()) {
        yield* look(chat, t0 + 100 + n, gone("mitra_offline", t0 + 40))
      }
      yield* look(chats[1]!, t0 + 120, null)
      const port = yield* SessionOversight
      const all = yield* proposals
      assert.deepStrictEqual(all.map(({ id }) => id), all.map(({ id }) => id).toSorted().toReversed())
      const open = yield* port.proposals({ status: "open", before: null, limit: 1 })
      assert.deepStrictEqual(open.map(({ session_id }) => session_id), [session(3)])
      const older = yield* port.proposals({ status: "open", before: open[0]?.id ?? "", limit: 5 })
      assert.deepStrictEqual(older.map(({ session_id }) => session_id), [session(1)])
      assert.deepStrictEqual(yield* port.proposals({ status: "dismissed", before: null, limit: 5 }), [])
    })
  )
}

const finding = (test: Test) => {
  test(
    "adrift are the chats of the deactivated, of who has long been offline, and of who was noticed as gone",
    Effect.gen(function*() {
      yield* givenStaff
      yield* Stage.givenMitras(1, 2, 3, 4)
      for (const n of [1, 2, 3, 4]) yield* Stage.actAsMitra(n, { _tag: "GoOnline" }, t0 + 1)
      const chats = yield* Effect.forEach([1, 2, 3, 4], (n) => Stage.givenChat(n, n))
      const port = yield* SessionOversight
      assert.deepStrictEqual(yield* port.withoutMitra(t0 + hourMs, 10), [])
      yield* Stage.actAsMitra(1, { _tag: "Deactivate", staff_id: staffId }, t0 + 100)
      yield* Stage.actAsMitra(2, { _tag: "GoOffline" }, t0 + 200)
      assert.deepStrictEqual(yield* port.withoutMitra(t0 + 199, 10), [session(1)])
      assert.deepStrictEqual(yield* port.withoutMitra(t0 + 200, 10), [session(1), session(2)])
      yield* look(chats[0]!, t0 + 210, gone("mitra_deactivated", t0 + 100))
      yield* look(chats[2]!, t0 + 210, gone("mitra_offline", t0 + 100))
      assert.deepStrictEqual(yield* port.withoutMitra(t0 + 200, 10), [session(2), session(1), session(3)])
      assert.deepStrictEqual(yield* port.withoutMitra(t0 + 200, 1), [session(2)])
      yield* Stage.act(chats[1]!, { _tag: "End", by: asCustomer(2) }, { at: t0 + 300 })
      assert.deepStrictEqual(yield* port.withoutMitra(t0 + 200, 10), [session(1), session(3)])
    })
  )

  test(
    "a mitra who handed a chat over finds it among her past ones from then on, and has met the customer",
    Effect.gen(function*() {
      const [chat] = yield* givenChats(1)
      const port = yield* SessionViews
      const pastOf = (n: number) =>
        Effect.map(
          port.pastOf("mitra", mitra(n), { before: null, limit: 5 }),
          (states) => states.map((state) => state.id)
        )
      yield* hand(chat!, 1, 2, t0 + 100)
      assert.deepStrictEqual(yield* pastOf(1), [session(1)])
      assert.deepStrictEqual(yield* pastOf(2), [])
      yield* hand(chat!, 2, 1, t0 + 110)
      assert.deepStrictEqual(yield* pastOf(1), [])
      assert.deepStrictEqual(yield* pastOf(2), [session(1)])
      yield* Stage.act(chat!, { _tag: "End", by: asCustomer(1) }, { at: t0 + 200 })
      yield* Stage.act(chat!, { _tag: "Goodbye", by: asCustomer(1), text: "" }, { at: t0 + 210 })
      assert.deepStrictEqual(yield* pastOf(1), [session(1)])
      const met = (n: number) => port.haveMet(Stage.customer(1), mitra(n))
      assert.deepStrictEqual(yield* Effect.all([met(1), met(2), met(3)]), [true, true, false])
    })
  )
}

const hourMs = 60 * minute

export const journalReroute = (name: string, layer: Layer.Layer<Stage.Stage>) =>
  describe(`Journal and SessionOversight, hand-overs (${name})`, () => {
    const test = (title: string, body: Body) => it.live(title, () => Effect.provide(body, layer))
    places(test)
    proposing(test)
    finding(test)
  })
