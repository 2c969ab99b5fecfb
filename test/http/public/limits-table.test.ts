// The table of limits, row by row: each refuses with a code and the time to wait, is counted by its name and
// leaves a masked line; and the rows are those of docs/security.md, and the names those an operator may set.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { readFileSync } from "node:fs"
import { limitNames, limitsOf } from "../../../src/config/limits.ts"
import { closeCodes } from "../../../src/contract/close-codes.ts"
import { Refusal } from "../../../src/domain/refusal.ts"
import { paced, type QuotaName, Quotas, quotas, quotasWith, within } from "../../../src/http/public/quotas.ts"
import { publicLimits, socketLimitsWith } from "../../../src/http/socket/limits.ts"
import * as RateLimitsMemory from "../../../src/layers/platform/rate-limits.local.ts"
import { valueOf } from "../../../src/services/operations/figures.ts"
import { projectFiles } from "../../tidy/project-files.ts"

const page = readFileSync(new URL("../../../docs/security.md", import.meta.url), "utf8")
const rows = [...page.matchAll(/^\| `([a-z_]+)` \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, name = ""]) => name)

const counted = Object.entries(quotas).filter(([, quota]) => typeof quota === "object" && "asks_max" in quota)
  .map(([key]) => key as QuotaName)
const paces = {
  unknown_sessions: quotas.unknown_sessions_per_person,
  messages: quotas.messages_per_chat_and_side
}
const closes = Object.values(closeCodes).flatMap(({ limit }) => limit === null ? [] : [limit])

/** Those that are told one by one where they refuse; a test each holds what they answer. */
const toldInPlace = projectFiles().filter(({ path }) => path.startsWith("src/http/")).flatMap(({ text }) => [
  ...[...text.matchAll(/tellRateLimited\("([a-z_]+)"/g)].map(([, name = ""]) => name),
  ...[...text.matchAll(/limit: "([a-z_]+)"/g)].map(([, name = ""]) => name)
])
const inTables = [
  "public_beacon",
  "codes_cooldown",
  "codes_phone",
  "codes_address",
  "in_flight",
  "in_flight_of_person",
  "connections",
  "connections_of_address",
  "connections_of_nobody",
  "typing"
]

const who = "019b76da-a87b-7534-a423-78878ea53ab2"

/** One ask too many of this limit. */
const refusedBy = Effect.fnUntraced(function*<E, R>(name: string, ask: Effect.Effect<void, E, R>) {
  const lines: Array<unknown> = []
  const logged = Logger.layer([
    Logger.make(({ fiber }) => void lines.push({ ...fiber.getRef(References.CurrentLogAnnotations) }))
  ])
  const before = valueOf("limit_refusals_total", [name])
  const refusal = yield* Effect.flip(ask).pipe(Effect.provide(logged))
  assert.instanceOf(refusal, Refusal, name)
  assert.match(refusal.code, /^[A-Z_]+$/)
  assert.strictEqual(refusal.details["limit"], name)
  assert.isAtLeast(Number(refusal.details["retry_after_seconds"]), 1)
  assert.strictEqual(valueOf("limit_refusals_total", [name]), before + 1)
  assert.deepStrictEqual(lines, [{ limit: name, who: "...a53ab2" }])
})

describe("every limit that is counted", () => {
  it.effect.each(counted)("%s says its code and when to come back, counts and leaves a line", (key) => {
    const none = { ...quotas, [key]: { ...quotas[key], asks_max: 0 } }
    return refusedBy(quotas[key].name, within(key, who)).pipe(
      Effect.provide(Layer.merge(RateLimitsMemory.layer, Layer.succeed(Quotas)(none)))
    )
  })

  it.effect.each(Object.entries(paces))("%s too, as a pace", ([name, pace]) => {
    const ask = paced(name, { ...pace, burst: 1 })
    return Effect.andThen(ask(who), refusedBy(name, ask(who)))
  })
})

describe("every limit", () => {
  it("is a row of docs/security.md, and every row a limit", () => {
    const named = [
      ...counted.map((key) => quotas[key].name),
      ...Object.keys(paces),
      ...closes.map(({ name }) => name),
      ...toldInPlace,
      ...inTables
    ]
    assert.deepStrictEqual(rows.toSorted(), [...new Set(named)].toSorted())
  })

  it("that closes a socket says when to come back", () => {
    for (const { name, retry_after_ms } of closes) assert.isAtLeast(retry_after_ms, 1_000, name)
  })
})

describe("LIMITS", () => {
  it("changes any limit it names, and is refused for a name or a number that is none", () => {
    for (const [name, numbers] of Object.entries(limitNames)) {
      const given = limitsOf(`${name}=${numbers === 2 ? "7:3" : "7"}`)
      assert.isNotNull(given, name)
      const changed = [quotasWith(quotas, given), socketLimitsWith(publicLimits, given)]
      assert.notDeepEqual(changed, [quotas, publicLimits], name)
      assert.include(JSON.stringify(changed), ":7", name)
      assert.include(rows, name)
    }
    for (
      const wrong of [
        "orders",
        "orders=0",
        "orders=-1",
        "orders=1:2",
        "messages=5",
        "nothing=5",
        "orders=1,orders=2"
      ]
    ) {
      assert.isNull(limitsOf(wrong), wrong)
    }
  })

  it("changes nothing that it does not name", () => {
    assert.deepStrictEqual(quotasWith(quotas, limitsOf(" ") ?? {}), quotas)
    assert.deepStrictEqual(socketLimitsWith(publicLimits, {}), publicLimits)
    const given = limitsOf("orders=40, messages=600:20") ?? {}
    const { orders_per_customer, ...others } = quotasWith(quotas, given)
    assert.strictEqual(orders_per_customer.asks_max, 40)
    assert.deepStrictEqual({ ...others, orders_per_customer: quotas.orders_per_customer }, quotas)
  })
})
