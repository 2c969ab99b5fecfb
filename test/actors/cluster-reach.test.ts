// Who is cut off and who may pass a verdict, by what a runner knows of the others.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Runner, RunnerAddress, RunnerStorage } from "effect/cluster"
import { joiningUnproven, makeReach } from "../../src/actors/cluster-reach.ts"
import { makeHearts, stillLooksMax } from "../../src/actors/gone-runners.ts"

const addressOf = (n: number) => RunnerAddress.make(`10.0.0.${n}`, 34431)
const runner = (n: number) => Runner.make({ address: addressOf(n), groups: ["default"], weight: 1 })
const [a, b, c] = ["10.0.0.1:34431", "10.0.0.2:34431", "10.0.0.3:34431"] as const

/** The first runner's view of so many, all of them healthy and answering. */
const reachAmong = (...all: ReadonlyArray<string>) => {
  const reach = makeReach(a)
  reach.list(all.map((address) => [address, true]))
  for (const other of reach.others()) reach.answered(other)
  return reach
}

const refuses = (reach: ReturnType<typeof makeReach>, address: string, times: number) => {
  for (let time = 0; time < times; time++) reach.failed(address, 1)
}

describe("a runner among others", () => {
  it("takes one for dead that refused three times, and for well again when it answers", () => {
    const reach = reachAmong(a, b, c)
    refuses(reach, b, 2)
    assert.isTrue(reach.verdictOn(b))
    refuses(reach, b, 1)
    assert.isFalse(reach.verdictOn(b))
    assert.deepStrictEqual(reach.unreached(), [b])
    assert.isFalse(reach.isCutOff())
    reach.answered(b)
    assert.isTrue(reach.verdictOn(b))
  })

  it("passes no verdict from the first failure on that leaves it less than half, and is then cut off", () => {
    const reach = reachAmong(a, b, c)
    refuses(reach, b, 5)
    refuses(reach, c, 1)
    assert.isTrue(reach.verdictOn(b))
    assert.isFalse(reach.isCutOff())
    refuses(reach, c, 2)
    assert.isTrue(reach.isCutOff())
    assert.isTrue(reach.verdictOn(b))
    assert.isTrue(reach.verdictOn(c))
  })

  it("of two decides by the health check: neither is cut off", () => {
    const reach = reachAmong(a, b)
    refuses(reach, b, 5)
    assert.isFalse(reach.isCutOff())
    assert.isFalse(reach.verdictOn(b))
  })

  it("is not cut off any more when the others are no longer registered", () => {
    const reach = reachAmong(a, b, c)
    refuses(reach, b, 5)
    refuses(reach, c, 5)
    reach.list([[a, true]])
    assert.isFalse(reach.isCutOff())
    assert.deepStrictEqual(reach.unreached(), [])
  })

  it("leaves one as it was that nobody has asked yet", () => {
    const reach = makeReach(a)
    reach.list([[a, true], [b, false]])
    assert.isFalse(reach.verdictOn(b))
    reach.answered(b)
    assert.isTrue(reach.verdictOn(b))
  })
})

describe("a runner whose two others are silent at once", () => {
  const both = (beat: (look: number) => string) => {
    const reach = reachAmong(a, b, c)
    const hearts = makeHearts(a)
    reach.watch(hearts)
    return {
      reach,
      look: (look: number) => {
        for (const other of [b, c]) refuses(reach, other, 1)
        hearts.look(reach.failing(), new Map([[a, String(look)], [b, beat(look)], [c, beat(look)]]))
      }
    }
  }

  it("is the one that is left when their hearts stand still, and finds them gone", () => {
    const { look, reach } = both(() => "as ever")
    for (let n = 0; n < stillLooksMax; n++) {
      look(n)
      assert.isFalse(reach.isCutOff())
      assert.deepStrictEqual(reach.gone(), [])
      assert.isTrue(reach.verdictOn(b))
    }
    look(stillLooksMax)
    assert.isFalse(reach.isCutOff())
    assert.deepStrictEqual(reach.gone(), [b, c])
    assert.isFalse(reach.verdictOn(b))
  })

  it("is the one that is cut off when their hearts beat on", () => {
    const { look, reach } = both((n) => String(Math.floor(n / 3)))
    for (let n = 0; n < 8; n++) look(n)
    assert.isTrue(reach.isCutOff())
    assert.deepStrictEqual(reach.gone(), [])
    assert.isTrue(reach.verdictOn(b))
  })

  it("takes both for living when nobody can tell how their hearts beat", () => {
    const { look, reach } = both(() => "as ever")
    for (let n = 0; n <= stillLooksMax; n++) look(n)
    reach.watch(null)
    assert.isTrue(reach.isCutOff())
    assert.deepStrictEqual(reach.gone(), [])
  })
})

describe("a runner that joins", () => {
  const joining = Effect.map(RunnerStorage.makeMemory, (storage) => {
    const reach = makeReach(b)
    const health = Effect.map(
      storage.getRunners,
      (members) => new Map(members.map(([member, isHealthy]) => [member.address.host, isHealthy]))
    )
    return { storage, reach, health, joined: joiningUnproven(storage, reach) }
  })

  it.effect("alone is healthy", () =>
    Effect.gen(function*() {
      const { health, joined } = yield* joining
      yield* joined.register(runner(2), true)
      assert.isTrue((yield* health).get("10.0.0.2"))
    }))

  it.effect("to others is not, until one of them has found it; that lasts", () =>
    Effect.gen(function*() {
      const { health, joined, reach, storage } = yield* joining
      yield* storage.register(runner(1), true)
      yield* joined.register(runner(2), true)
      assert.isFalse((yield* health).get("10.0.0.2"))
      reach.list([[a, true], [b, true]])
      yield* joined.register(runner(2), true)
      assert.isTrue((yield* health).get("10.0.0.2"))
    }))
})
