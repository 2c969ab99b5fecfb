// Reads through a replica: which methods may see it and no other, who answers when it is unfit or fails,
// and how its age is told.
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { type Far, laggingOver, type LaggingPorts } from "../../../src/layers/platform/lagging-reads.ts"
import { positionOf, Words } from "../../../src/layers/platform/postgres/replica.ts"
import { Mitras } from "../../../src/services/accounts/mitras.ts"
import { Oversight } from "../../../src/services/oversight/oversight.ts"
import { PushOutbox } from "../../../src/services/push/push-outbox.ts"
import { SessionOversight } from "../../../src/services/sessions/session-oversight.ts"
import { SessionViews } from "../../../src/services/sessions/session-views.ts"

const tags = { Mitras, Oversight, PushOutbox, SessionOversight, SessionViews }

/** The only methods that bear lag. One more is a decision: what would a person see who just wrote? */
const bearLag: Readonly<Record<keyof typeof tags, ReadonlyArray<string>>> = {
  Mitras: ["activity"],
  Oversight: ["audit", "timeline"],
  PushOutbox: ["costs"],
  SessionOversight: ["past"],
  SessionViews: ["pastOf", "recentOffersOf"]
}

const exact: Readonly<Record<keyof typeof tags, ReadonlyArray<string>>> = {
  Mitras: ["claim", "find", "slotsOf", "onlineLog", "missedInARow"],
  Oversight: ["fingerprints", "live", "alerts", "paymentsOf"],
  PushOutbox: ["claim", "isWanted", "depth"],
  SessionOversight: ["due", "waiting", "stuck", "ownerOf", "firstReplyAt"],
  SessionViews: [
    "epoch",
    "liveOf",
    "openOffersOf",
    "participation",
    "messages",
    "eventsAfter",
    "unread",
    "haveMet"
  ]
}

/** Every method says where it was asked. */
const side = (answer: Effect.Effect<string, string>) =>
  Object.entries(tags).reduce(
    (ports, [name, tag]) => {
      const methods = [...bearLag[name as keyof typeof tags], ...exact[name as keyof typeof tags]]
      return Context.add(
        ports,
        tag as never,
        Object.fromEntries(methods.map((one) => [one, () => answer])) as never
      )
    },
    Context.empty() as Context.Context<never>
  ) as unknown as Context.Context<LaggingPorts>

const near = side(Effect.succeed("primary"))

const overlaid = (far: Far | null) => laggingOver(near, () => far)

const asked = (ports: Context.Context<LaggingPorts>, name: string, method: string) => {
  const port = Context.get(ports, tags[name as keyof typeof tags] as never) as Record<
    string,
    () => Effect.Effect<string>
  >
  return port[method]!()
}

const far = (
  answer: Effect.Effect<string, string>,
  trouble: string | null,
  fails: Array<string> = []
): Far => ({
  ports: side(answer),
  watched: {
    standing: () => ({ lag_seconds: 0, trouble }),
    fail: Effect.sync(() => void fails.push("failed"))
  }
})

describe("a read", () => {
  it.effect("that bears lag is the replica's while it is fit, and every other one is the primary's", () =>
    Effect.gen(function*() {
      const ports = overlaid(far(Effect.succeed("replica"), null))
      for (const [name, methods] of Object.entries(bearLag)) {
        for (const method of methods) assert.strictEqual(yield* asked(ports, name, method), "replica", method)
      }
      for (const [name, methods] of Object.entries(exact)) {
        for (const method of methods) assert.strictEqual(yield* asked(ports, name, method), "primary", method)
      }
    }))

  it.effect("is the primary's where the replica was never reached, lags, or fails, which is noted", () =>
    Effect.gen(function*() {
      const fails: Array<string> = []
      const failing = far(Effect.fail("canceled by recovery"), null, fails)
      for (const one of [null, far(Effect.succeed("replica"), "is 11 s behind"), failing]) {
        assert.strictEqual(yield* asked(overlaid(one), "SessionViews", "pastOf"), "primary")
      }
      assert.deepStrictEqual(fails, ["failed"])
    }))
})

describe("a replica's age", () => {
  const at = (number: number) => positionOf(`0/${number.toString(16)}`)

  it("is told by the last word of the primary that it has replayed", () => {
    const words = new Words()
    assert.isNull(words.lagAt(0, at(5)))
    for (const second of [1, 2, 3, 4]) words.say({ at: second * 1000, position: at(second * 10) })
    assert.isNull(words.lagAt(4000, at(9)), "older than all we know")
    assert.strictEqual(words.lagAt(4500, at(25)), 2500)
    assert.strictEqual(words.lagAt(4500, at(40)), 0)
  })

  it("is nothing while nothing is written, and grows when it is cut off as soon as something is", () => {
    const words = new Words()
    for (const second of [1, 2, 3]) words.say({ at: second * 1000, position: at(10) })
    assert.strictEqual(words.lagAt(3000, at(10)), 0)
    words.say({ at: 4000, position: at(11) })
    assert.strictEqual(words.lagAt(9000, at(10)), 6000)
  })

  it("compares positions as numbers", () => assert.isTrue(positionOf("1/0") > positionOf("0/FFFFFFFF")))
})
