// What every Journal adapter must do with turns: write them whole or not at all, under the newest epoch
// only, each command and message once, and every turn with its own verdict whatever its neighbours are.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import { Journal } from "../../src/services/journal/journal.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { atOnce, givenStaff, idOf, staffId, t0, times } from "./given.ts"
import * as Stage from "./stage.ts"
import { asCustomer, asMitra, session } from "./stage.ts"
import { Written } from "./written.ts"

const outcome = { status: "active", seq: 3, message_id: null, at: t0, cursor: null }
const mark = { sender_id: "customer:1", command_id: "command-1", outcome }

/** Runs `effect` and makes sure that it left no trace. */
const leavingNothing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const { everything } = yield* Written
    const before = yield* everything
    const result = yield* effect
    assert.deepStrictEqual(yield* everything, before)
    return result
  })

const dies = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(effect), (exit) => assert.isTrue(Exit.hasDies(exit), "it should die"))

type Body = Effect.Effect<void, unknown, Stage.Stage>

const fencing = (test: (title: string, body: Body) => void) => {
  test(
    "a turn under an older epoch is fenced and changes nothing",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const old = yield* Stage.givenRequest(1)
      const owner = yield* Stage.claim(1, "runner-b")
      const verdict = yield* leavingNothing(Stage.offer(old, t0 + 1, 1))
      assert.deepStrictEqual(verdict, { _tag: "Fenced" })
      assert.deepStrictEqual(yield* Stage.offer(owner, t0 + 1, 1), { _tag: "Committed" })
    })
  )

  test(
    "a turn of an actor that has no row is fenced",
    Effect.gen(function*() {
      const nobody = { epoch: 1, state: Stage.request(7) }
      assert.deepStrictEqual(yield* Stage.act(nobody, Stage.tick, { at: t0 }), { _tag: "Fenced" })
    })
  )

  test(
    "a mitra's older owner is fenced too",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const old = yield* Stage.claimMitra(1)
      const owner = yield* Stage.claimMitra(1, "runner-b")
      const online = { _tag: "GoOnline" } as const
      const late = Stage.makeMitraTurn(old, online, { at: t0 + 1 })
      assert.deepStrictEqual(yield* leavingNothing(Stage.commit(late)), { _tag: "Fenced" })
      const turn = Stage.makeMitraTurn(owner, online, { at: t0 + 2 })
      assert.deepStrictEqual(yield* Stage.commit(turn), { _tag: "Committed" })
    })
  )
}

const repetition = (test: (title: string, body: Body) => void) => {
  test(
    "a repeated command gets its first outcome, from any later owner, and writes nothing",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const owner = yield* Stage.givenChat(1, 1)
      const topic = { _tag: "SetTopic", by: asMitra(1), topic: "sensitive" } as const
      const first = yield* Stage.act(owner, topic, { at: t0 + 30, command: mark })
      assert.deepStrictEqual(first, { _tag: "Committed" })
      const next = yield* Stage.claim(1, "runner-b")
      const again = Stage.act(next, topic, { at: t0 + 40, command: { ...mark, outcome: { other: 1 } } })
      assert.deepStrictEqual(yield* leavingNothing(again), { _tag: "Repeated", outcome })
    })
  )

  test(
    "an outcome is found by actor, sender and command id, and by nothing less",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const owner = yield* Stage.givenRequest(1)
      yield* Stage.act(owner, Stage.tick, { at: t0 + 1, candidates: Stage.candidates(1), command: mark })
      const journal = yield* Journal
      assert.deepStrictEqual(yield* journal.outcomeOf(session(1), "customer:1", "command-1"), outcome)
      assert.isNull(yield* journal.outcomeOf(session(1), "customer:2", "command-1"))
      assert.isNull(yield* journal.outcomeOf(session(2), "customer:1", "command-1"))
      assert.isNull(yield* journal.outcomeOf(session(1), "customer:1", "command-2"))
      const other = { ...mark, sender_id: "customer:2" }
      const verdict = yield* Stage.act(owner, Stage.tick, { at: t0 + 2, command: other })
      assert.deepStrictEqual(verdict, { _tag: "Committed" })
    })
  )

  test(
    "a message sent twice under one client id is stored once, and the repeat is told where",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const owner = yield* Stage.givenChat(1, 1)
      const message = Stage.send(asCustomer(1), "client-message-1")
      yield* Stage.act(owner, message, { at: t0 + 30 })
      const [stored] = yield* (yield* SessionViews).messages(session(1), { after: 0 }, 10)
      const repeat = Stage.act(owner, Stage.send(asCustomer(1), "client-message-1", "halo lagi"), {
        at: t0 + 40
      })
      assert.deepStrictEqual(yield* leavingNothing(repeat), {
        _tag: "Repeated",
        outcome: {
          status: "active",
          seq: stored?.seq ?? 0,
          message_id: stored?.message_id ?? "",
          at: t0 + 30,
          cursor: null
        }
      })
      const fromOther = Stage.send(asMitra(1), "client-message-1")
      assert.deepStrictEqual(yield* Stage.act(owner, fromOther, { at: t0 + 50 }), { _tag: "Committed" })
      assert.lengthOf(yield* (yield* SessionViews).messages(session(1), { after: 0 }, 10), 2)
    })
  )
}

const mistakes = (test: (title: string, body: Body) => void) => {
  test(
    "a turn whose numbers do not follow the stored ones dies and writes nothing",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const owner = yield* Stage.givenChat(1, 1)
      const { write } = yield* Stage.make(owner, Stage.send(asCustomer(1), "client-message-1"), {
        at: t0 + 30
      })
      yield* Stage.commit(write)
      const stale = yield* Stage.make(owner, Stage.send(asCustomer(1), "client-message-2"), { at: t0 + 31 })
      yield* leavingNothing(dies(Stage.commit(stale.write)))
    })
  )

  test(
    "a turn that writes another actor's row dies",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const owner = yield* Stage.givenRequest(1)
      const other = yield* Stage.givenRequest(2)
      const { write } = yield* Stage.make(owner, Stage.tick, { at: t0 + 1, candidates: Stage.candidates(1) })
      yield* leavingNothing(dies(Stage.commit({ ...write, actor: { ...write.actor, id: other.state.id } })))
    })
  )

  test(
    "a turn that breaks a constraint dies, whole",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1)
      const owner = yield* Stage.givenRequest(1)
      const byNobody = [Stage.audited(1, idOf(0xdead))]
      const offers = { at: t0 + 1, candidates: Stage.candidates(1) }
      yield* leavingNothing(dies(Stage.act(owner, Stage.tick, { ...offers, audit: byNobody })))
      assert.deepStrictEqual(yield* Stage.act(owner, Stage.tick, offers), { _tag: "Committed" })
    })
  )
}

const neighbours = (test: (title: string, body: Body) => void) => {
  test(
    "turns handed in together each get their own verdict, whatever their neighbours are",
    Effect.gen(function*() {
      yield* givenStaff
      yield* Stage.givenMitras(1)
      const good = yield* Effect.forEach([1, 2, 3], (n) => Stage.givenRequest(n))
      const old = yield* Stage.givenRequest(4)
      yield* Stage.claim(4, "runner-b")
      const repeating = yield* Stage.givenRequest(5)
      yield* Stage.act(repeating, Stage.tick, { at: t0 + 1, command: mark })
      const unpaid = yield* Stage.givenChat(6, 1)
      const rejected = yield* Stage.givenRequest(7)
      const broken = yield* Stage.givenRequest(8)
      const paying =
        (yield* Stage.make(unpaid, Stage.send(asMitra(1), "client-message-1"), { at: t0 + 30 })).write
      const charge = {
        _tag: "Consume",
        payment_id: Stage.payment(6),
        product: "chat_session",
        amount_idr: 1
      } as const
      const offers = { at: t0 + 40, candidates: Stage.candidates(1) }
      const turnOf = (owner: Stage.Owner, given: Partial<Stage.Circumstances> = {}) =>
        Effect.map(Stage.make(owner, Stage.tick, { ...offers, ...given }), ({ write }) => write)
      const skipping = yield* turnOf({ ...broken, state: { ...broken.state, last_seq: 5 } })
      const turns = [
        yield* turnOf(good[0]!, { audit: [Stage.audited(1)] }),
        yield* turnOf(old),
        yield* turnOf(good[1]!),
        yield* turnOf(repeating, { command: mark }),
        { ...paying, session: { ...paying.session!, payments: [charge] } },
        yield* turnOf(rejected, { audit: [Stage.audited(2, idOf(0xdead))] }),
        skipping,
        yield* turnOf(good[2]!, { command: { ...mark, command_id: "command-2" } })
      ]
      const exits = yield* atOnce(turns.map((turn) => Effect.exit(Stage.commit(turn))))
      const verdicts = exits.map((exit) =>
        Exit.isSuccess(exit) ? exit.value._tag : Exit.hasDies(exit) ? "Died" : "Failed"
      )
      assert.deepStrictEqual(verdicts, [
        "Committed",
        "Fenced",
        "Committed",
        "Repeated",
        "Refused",
        "Died",
        "Died",
        "Committed"
      ])
      const sessions = yield* Sessions
      const statuses = yield* Effect.forEach(
        [1, 2, 3, 4, 5, 7, 8],
        (n) => Effect.map(sessions.find(session(n)), (state) => state?.status)
      )
      const asked = "pending_acceptance"
      const untouched = "searching"
      assert.deepStrictEqual(statuses, [asked, asked, asked, untouched, untouched, untouched, untouched])
      assert.deepStrictEqual(yield* (yield* Written).auditIds, [Stage.audited(1).id])
      assert.strictEqual(exits.length, turns.length)
    })
  )
}

const order = (test: (title: string, body: Body) => void) => {
  test(
    "messages of many sessions handed in together keep each session's order, without a gap",
    Effect.gen(function*() {
      yield* Stage.givenMitras(1, 2, 3, 4, 5)
      const owners = yield* Effect.forEach([1, 2, 3, 4, 5], (n) => Stage.givenChat(n, n))
      const rounds = times(12)
      yield* atOnce(owners.map((owner, index) =>
        Effect.forEach(rounds, (round) => {
          const by = round % 2 === 0 ? asCustomer(index + 1) : asMitra(index + 1)
          return Stage.act(owner, Stage.send(by, `client-message-${round}`, `${round}`), {
            at: t0 + 100 + round
          })
        })
      ))
      const views = yield* SessionViews
      for (const owner of owners) {
        const stored = yield* views.messages(owner.state.id, { after: 0 }, 100)
        assert.deepStrictEqual(stored.map((message) => message.body), rounds.map(String))
        const first = stored[0]?.seq ?? 0
        assert.deepStrictEqual(stored.map((message) => message.seq), rounds.map((round) => first + round))
      }
    })
  )
}

export const journal = (name: string, layer: Layer.Layer<Stage.Stage>) =>
  describe(`Journal (${name})`, () => {
    const test = (title: string, body: Body) => it.live(title, () => Effect.provide(body, layer))
    fencing(test)
    repetition(test)
    mistakes(test)
    neighbours(test)
    order(test)

    test(
      "an audit entry is written with its turn, nulls and all",
      Effect.gen(function*() {
        yield* givenStaff
        yield* Stage.givenMitras(1)
        const owner = yield* Stage.givenRequest(1)
        const audit = [Stage.audited(1), Stage.audited(2, staffId)]
        yield* Stage.act(owner, Stage.tick, { at: t0 + 1, candidates: Stage.candidates(1), audit })
        assert.deepStrictEqual(yield* (yield* Written).auditIds, audit.map((entry) => entry.id))
      })
    )
  })
