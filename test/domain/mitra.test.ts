// The mitra machine: online and offline with its cause, deactivation as one event, and every command
// harmless to repeat.
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import {
  deadlineOf,
  decide,
  evolve,
  type MitraCommand,
  type MitraEvent,
  type MitraState,
  offlineCauses
} from "../../src/domain/mitra.ts"
import { deepFreeze } from "./deep-freeze.ts"

const idle: MitraState = {
  id: "mitra-1",
  display_name: "Bestie 1",
  is_active: true,
  is_online: false,
  online_since: null
}
const online: MitraState = { ...idle, is_online: true, online_since: 500 }
const inactive: MitraState = { ...idle, is_active: false }

const commands = {
  GoOnline: { _tag: "GoOnline" },
  GoOffline: { _tag: "GoOffline" },
  ForceOffline: { _tag: "ForceOffline", staff_id: "staff-1" },
  MarkStale: { _tag: "MarkStale" },
  PauseForMissedOffers: { _tag: "PauseForMissedOffers" },
  PauseForReports: { _tag: "PauseForReports" },
  Activate: { _tag: "Activate", staff_id: "staff-1" },
  Deactivate: { _tag: "Deactivate", staff_id: "staff-1" }
} satisfies Record<MitraCommand["_tag"], MitraCommand>
type Tag = MitraCommand["_tag"]

const NOW = 1000
const tell = (state: MitraState, command: MitraCommand, stale = true) =>
  decide(state, command, {
    now: NOW,
    heartbeat_is_stale: stale,
    has_missed_too_many: stale,
    is_paused: false
  })

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
  ["Staff force her offline", online, "ForceOffline", [offline("forced")]],
  ["Forcing an offline mitra offline changes nothing", idle, "ForceOffline", []],
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
    changed: events.length > 0
  })
})

it("A deactivated mitra cannot go online", () => {
  const told = tell(inactive, commands.GoOnline)
  assert.deepStrictEqual(told.events, [])
  assert.strictEqual(Result.isFailure(told.reply) ? told.reply.failure.code : null, "ACCOUNT_INACTIVE")
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
        const facts = { now: index, heartbeat_is_stale: stale, has_missed_too_many: stale, is_paused: false }
        const { events, reply } = decide(deepFreeze(state), commands[tag], facts)
        assert.deepStrictEqual(decide(state, commands[tag], facts).events, events)
        state = events.reduce(evolve, state)
        assert.deepStrictEqual(decide(state, commands[tag], facts).events, [], "a repeat changes nothing")
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
