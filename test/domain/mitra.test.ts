// The mitra machine: online and offline with its cause, deactivation as one event, and every command
// harmless to repeat.
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import {
  deadlineOf,
  decide,
  evolve,
  isHeld,
  type MitraCommand,
  type MitraEvent,
  type MitraFacts,
  type MitraState,
  neverOnline,
  offlineCauses
} from "../../src/domain/mitra.ts"
import { deepFreeze } from "./deep-freeze.ts"

const idle: MitraState = {
  id: "mitra-1",
  display_name: "Bestie 1",
  is_active: true,
  ...neverOnline
}
const online: MitraState = { ...idle, is_online: true, online_since: 500 }
const draining: MitraState = { ...online, is_draining: true }
const held: MitraState = { ...idle, hold: { until: 9_000 } }
const inactive: MitraState = { ...idle, is_active: false }

const commands = {
  GoOnline: { _tag: "GoOnline" },
  GoOffline: { _tag: "GoOffline" },
  ForceOffline: { _tag: "ForceOffline", staff_id: "staff-1" },
  LiftHold: { _tag: "LiftHold", staff_id: "staff-1" },
  Drain: { _tag: "Drain", staff_id: "staff-1" },
  UndoDrain: { _tag: "UndoDrain", staff_id: "staff-1" },
  FinishDrain: { _tag: "FinishDrain" },
  MarkStale: { _tag: "MarkStale" },
  PauseForMissedOffers: { _tag: "PauseForMissedOffers" },
  PauseForReports: { _tag: "PauseForReports" },
  Activate: { _tag: "Activate", staff_id: "staff-1" },
  Deactivate: { _tag: "Deactivate", staff_id: "staff-1" }
} satisfies Record<MitraCommand["_tag"], MitraCommand>
type Tag = MitraCommand["_tag"]

const NOW = 1000
const factsOf = (yes: boolean, now = NOW): MitraFacts => ({
  now,
  heartbeat_is_stale: yes,
  has_missed_too_many: yes,
  has_no_chat: yes,
  is_paused: false,
  hold_seconds: 7
})
const tell = (state: MitraState, command: MitraCommand, stale = true) =>
  decide(state, command, factsOf(stale))
const heldUntil = (until: number | null): MitraEvent => ({ _tag: "Held", at: NOW, until })

const offline = (cause: (typeof offlineCauses)[number]): MitraEvent => ({
  _tag: "WentOffline",
  at: NOW,
  cause
})
const deactivated: MitraEvent = { _tag: "Deactivated", at: NOW, staff_id: "staff-1" }

const rows: ReadonlyArray<readonly [string, MitraState, Tag, ReadonlyArray<MitraEvent>]> = [
  ["An offline mitra goes online", idle, "GoOnline", [{ _tag: "WentOnline", at: NOW }]],
  ["An online mitra going online changes nothing", online, "GoOnline", []],
  ["Her own toggle takes her offline", online, "GoOffline", [offline("toggle")]],
  ["An offline mitra going offline changes nothing", idle, "GoOffline", []],
  ["Staff force her offline, and hold her there", online, "ForceOffline", [
    offline("forced"),
    heldUntil(8000)
  ]],
  ["Forcing an offline mitra offline holds her there", idle, "ForceOffline", [heldUntil(8000)]],
  ["Forcing a draining mitra offline ends the drain", draining, "ForceOffline", [
    offline("forced"),
    { _tag: "DrainEnded", at: NOW },
    heldUntil(8000)
  ]],
  ["Staff lift a hold", held, "LiftHold", [{ _tag: "HoldLifted", at: NOW }]],
  ["Lifting no hold changes nothing", online, "LiftHold", []],
  ["Staff drain her, and she stays online", online, "Drain", [{ _tag: "DrainStarted", at: NOW }]],
  ["Draining twice changes nothing", draining, "Drain", []],
  ["A drain is undone", draining, "UndoDrain", [{ _tag: "DrainEnded", at: NOW }]],
  ["Undoing no drain changes nothing", online, "UndoDrain", []],
  ["A drained mitra without a chat is offline and held there", draining, "FinishDrain", [
    offline("drained"),
    { _tag: "DrainEnded", at: NOW },
    heldUntil(8000)
  ]],
  ["A drain that was undone is not finished", online, "FinishDrain", []],
  ["A stale heartbeat takes her offline", online, "MarkStale", [offline("stale_heartbeat")]],
  ["A stale heartbeat of an offline mitra changes nothing", idle, "MarkStale", []],
  ["Too many missed offers in a row pause her", online, "PauseForMissedOffers", [offline("missed_offers")]],
  ["Pausing an offline mitra changes nothing", idle, "PauseForMissedOffers", []],
  ["Deactivating an online mitra takes her offline too", online, "Deactivate", [
    offline("deactivated"),
    deactivated
  ]],
  ["Deactivating an offline mitra", idle, "Deactivate", [deactivated]],
  ["Deactivating twice changes nothing", inactive, "Deactivate", []],
  ["Activating a deactivated mitra", inactive, "Activate", [{
    _tag: "Activated",
    at: NOW,
    staff_id: "staff-1"
  }]],
  ["Activating an active mitra changes nothing", online, "Activate", []],
  ["A deactivated mitra going offline changes nothing", inactive, "GoOffline", []]
]

it.each(rows)("%s", (_, state, tag, events) => {
  const told = tell(state, commands[tag])
  assert.deepStrictEqual(told.events, events)
  const after = events.reduce(evolve, state)
  assert.deepStrictEqual(Result.getOrThrow(told.reply), {
    is_active: after.is_active,
    is_online: after.is_online,
    changed: events.length > 0,
    is_draining: after.is_draining
  })
})

it("A deactivated mitra cannot go online", () => {
  const told = tell(inactive, commands.GoOnline)
  assert.deepStrictEqual(told.events, [])
  assert.strictEqual(Result.isFailure(told.reply) ? told.reply.failure.code : null, "ACCOUNT_INACTIVE")
})

it("A mitra who is held offline is told when she may come back, and may then", () => {
  const told = tell(held, commands.GoOnline)
  assert.deepStrictEqual(told.events, [])
  const refusal = Result.isFailure(told.reply) ? told.reply.failure : null
  assert.strictEqual(refusal?.code, "MITRA_ON_HOLD")
  assert.deepStrictEqual(refusal?.details, { retry_after_seconds: 8 })
  const later = decide(held, commands.GoOnline, factsOf(false, 9_000))
  assert.deepStrictEqual(later.events, [{ _tag: "WentOnline", at: 9_000 }])
  assert.isNull(later.events.reduce(evolve, held).hold)
})

it("A hold until it is lifted names no time, and no shorter hold replaces it by repetition", () => {
  const forced = decide(online, { ...commands.ForceOffline, until_lifted: true }, factsOf(true))
  const state = forced.events.reduce(evolve, online)
  assert.deepStrictEqual(state.hold, { until: null })
  const told = decide(state, commands.GoOnline, factsOf(true, 1e12))
  assert.deepStrictEqual(Result.isFailure(told.reply) ? told.reply.failure.details : null, {
    retry_after_seconds: null
  })
  const lifted = tell(state, commands.LiftHold).events.reduce(evolve, state)
  assert.isTrue(Result.getOrThrow(tell(lifted, commands.GoOnline).reply).is_online)
})

it("Without seconds in the settings staff's word holds nobody", () => {
  const told = decide(online, commands.ForceOffline, { ...factsOf(true), hold_seconds: 0 })
  assert.deepStrictEqual(told.events, [offline("forced")])
})

it("A draining mitra with a chat is left to finish it", () => {
  assert.deepStrictEqual(tell(draining, commands.FinishDrain, false).events, [])
})

it("A deactivated mitra is not drained, and begins afresh when she is activated again", () => {
  const told = tell(inactive, commands.Drain)
  assert.strictEqual(Result.isFailure(told.reply) ? told.reply.failure.code : null, "ACCOUNT_INACTIVE")
  const gone = tell(draining, commands.Deactivate).events.reduce(evolve, draining)
  assert.isFalse(gone.is_draining)
  const free = tell(held, commands.Deactivate).events.reduce(evolve, held)
  assert.isNull(free.hold)
})

it("A mitra whose heartbeat came back in the meantime is not taken offline", () => {
  const told = tell(online, commands.MarkStale, false)
  assert.deepStrictEqual(told.events, [])
  assert.isTrue(Result.getOrThrow(told.reply).is_online)
})

it("Activating her again does not bring her online by itself", () => {
  assert.isFalse(Result.getOrThrow(tell(inactive, commands.Activate).reply).is_online)
})

it("No order of commands leaves her online while deactivated, or online since never", () => {
  const step = fc.record({
    tag: fc.constantFrom(...(Object.keys(commands) as Array<Tag>)),
    stale: fc.boolean()
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let state = idle
      steps.forEach(({ stale, tag }, index) => {
        const facts = factsOf(stale, index)
        const { events, reply } = decide(deepFreeze(state), commands[tag], facts)
        assert.deepStrictEqual(decide(state, commands[tag], facts).events, events)
        state = events.reduce(evolve, state)
        assert.deepStrictEqual(decide(state, commands[tag], facts).events, [], "a repeat changes nothing")
        assert.isFalse(state.is_online && isHeld(state, index))
        assert.isFalse(state.is_online && !state.is_active)
        assert.strictEqual(state.is_online, state.online_since !== null)
        assert.isNull(deadlineOf(state))
        if (Result.isSuccess(reply)) assert.strictEqual(reply.success.is_online, state.is_online)
        else assert.deepStrictEqual(events, [])
      })
    }),
    { numRuns: 1000 }
  )
})

it("Any event on any state gives a state", () => {
  const event: fc.Arbitrary<MitraEvent> = fc.oneof(
    fc.record({ _tag: fc.constant("WentOnline" as const), at: fc.integer() }),
    fc.record({
      _tag: fc.constant("WentOffline" as const),
      at: fc.integer(),
      cause: fc.constantFrom(...offlineCauses)
    }),
    fc.record({ _tag: fc.constant("Held" as const), at: fc.integer(), until: fc.option(fc.integer()) }),
    fc.record({ _tag: fc.constantFrom("HoldLifted", "DrainStarted", "DrainEnded"), at: fc.integer() }),
    fc.record({ _tag: fc.constantFrom("Activated", "Deactivated"), at: fc.integer(), staff_id: fc.string() })
  )
  fc.assert(
    fc.property(fc.array(event), (events) => {
      const state = events.reduce((current, next) => deepFreeze(evolve(current, next)), deepFreeze(idle))
      assert.strictEqual(state.id, idle.id)
      assert.strictEqual(state.is_online, state.online_since !== null)
    }),
    { numRuns: 1000 }
  )
})
