// New sockets of one address: a town may come back at once, a flood may not go on, and addresses do not
// share.
import { assert, describe, it } from "@effect/vitest"
import { publicLimits } from "../../../src/http/socket/limits.ts"
import { makeNewConnections } from "../../../src/http/socket/new-connections.ts"

const taken = (pace: ReturnType<typeof makeNewConnections>, times: number, now: number, address = "a") =>
  Array.from({ length: times }, () => pace.take(address, now)).filter((wait) => wait === null).length

describe("new sockets of one address", () => {
  it("come in by a thousand at once, as after a restart, and twenty a second from then on", () => {
    const pace = makeNewConnections(publicLimits)
    assert.strictEqual(taken(pace, 5_000, 0), 1_000)
    assert.strictEqual(pace.take("a", 0), 50, "after which one may come")
    assert.strictEqual(taken(pace, 100, 1_000), 20)
    assert.strictEqual(taken(pace, 5_000, 3_600_000), 1_000, "an hour later")
  })

  it("leave other addresses alone", () => {
    const pace = makeNewConnections({ connection_burst: 2, connections_per_second: 1 })
    assert.strictEqual(taken(pace, 10, 0), 2)
    assert.strictEqual(taken(pace, 10, 0, "b"), 2)
  })

  it("are counted in bounded memory: the address that was quiet longest is forgotten", () => {
    const pace = makeNewConnections({ connection_burst: 1, connections_per_second: 1 })
    for (let n = 0; n < 50_000; n += 1) pace.take(`address ${n}`, 0)
    assert.isNumber(pace.take("address 0", 0), "still known, and the newest now")
    assert.isNull(pace.take("one more", 0))
    assert.isNumber(pace.take("address 0", 0))
    assert.isNull(pace.take("address 1", 0), "forgotten for it")
  })

  it("lose nothing when the machine's clock steps back", () => {
    const pace = makeNewConnections({ connection_burst: 2, connections_per_second: 1 })
    assert.isNull(pace.take("a", 10_000))
    assert.isNull(pace.take("a", 5_000))
    assert.isNumber(pace.take("a", 5_000))
  })
})
