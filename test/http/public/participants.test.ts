// Who may wake a session's actor is asked once; only strangers' questions are counted, and a database that
// does not answer makes nobody a stranger.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SessionActors } from "../../../src/actors/session/protocol.ts"
import * as Participants from "../../../src/http/public/participants.ts"
import { quotas, Quotas } from "../../../src/http/public/quotas.ts"
import { Unavailable } from "../../../src/services/platform/unavailable.ts"
import { type Participation, SessionViews } from "../../../src/services/sessions/session-views.ts"

const customer = { side: "customer", id: "customer-1" } as const
const { burst } = quotas.unknown_sessions_per_person

const away = Effect.fail(new Unavailable({ what: "postgres", retryable: true }))
const of = (customer_id: string): Participation => ({
  id: "session-1",
  status: "active",
  customer_id,
  mitra_id: "mitra-1",
  assigned: []
})
const hers = Effect.succeed(of(customer.id))
const another = Effect.succeed(of("another"))

/** How each call ended, with the database answering so; the actor itself always answers. */
const ends = (answers: ReadonlyArray<Effect.Effect<Participation, Unavailable>>) => {
  let at = 0
  const participation = () => Effect.suspend(() => answers[at++]!)
  const layer = Participants.layer.pipe(Layer.provide([
    Layer.succeed(Quotas)(quotas),
    Layer.mock(SessionViews)({ participation }),
    Layer.mock(SessionActors)({ run: () => Effect.succeed({} as never) })
  ]))
  const call = { command: { _tag: "Read", by: customer, seq: 1 } } as never
  return Effect.gen(function*() {
    const actors = yield* Participants.ChatActors
    const told: Array<string> = []
    for (const [index] of answers.entries()) {
      const ran = Effect.as(actors.run(`session-${index}`, call), "ran")
      told.push(
        yield* Effect.catch(
          ran,
          (error) => Effect.succeed(error._tag === "Refusal" ? error.code : error._tag)
        )
      )
    }
    return told
  }).pipe(Effect.provide(layer))
}

const times = <A>(count: number, value: A): ReadonlyArray<A> => Array.from({ length: count }, () => value)

describe("whoever writes in a chat of their own", () => {
  it.effect("gets through as soon as the database answers, however often it did not", () =>
    Effect.gen(function*() {
      const told = yield* ends([...times(burst + 5, away), hers])
      assert.deepStrictEqual(told, [...times(burst + 5, "Unavailable"), "ran"])
    }))

  it.effect("is asked about without a bound", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* ends(times(burst + 5, hers)), times(burst + 5, "ran"))
    }))
})

describe("whoever names sessions of others", () => {
  it.effect("may do so only so often", () =>
    Effect.gen(function*() {
      const told = yield* ends(times(burst + 1, another))
      assert.deepStrictEqual(told, [...times(burst, "NOT_A_PARTICIPANT"), "RATE_LIMITED"])
    }))
})
