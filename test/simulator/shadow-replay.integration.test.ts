// The memory journal and the Postgres journal write the same: what simulated worlds committed is committed
// again to Postgres, and every verdict and every row is compared.
import { assert, describe, it } from "@effect/vitest"
import { SecureRandom } from "effect/crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as CipherNone from "../../src/layers/encryption/cipher.none.ts"
import { freshDatabase } from "../support/postgres.ts"
import { record } from "./shadow/recording.ts"
import { replay } from "./shadow/replay.ts"

/** So many at least, and further ones until the database has judged in every way. */
const seeds = 20
const seedsMax = 60
const turnsOfOne = 60

describe("simulated worlds, committed again to Postgres", () => {
  it("get the same verdicts and leave the same rows", async () => {
    const verdicts = new Set<string>()
    const appended = new Set<string>()
    const tables = new Set<string>()
    const isJudged = () => ["Committed", "Repeated", "Fenced"].every((verdict) => appended.has(verdict))
    for (let seed = 1; seed <= seeds || (seed <= seedsMax && !isJudged()); seed += 1) {
      const layer = Layer.mergeAll(freshDatabase, CipherNone.layer, SecureRandom.layerWebCrypto)
      const compared = await replay(record(`shadow-${seed}`, turnsOfOne)).pipe(
        Effect.provide(layer),
        Effect.scoped,
        Effect.runPromise
      )
      assert.isAtLeast(compared.turns, turnsOfOne)
      // Several turns in one transaction are the rule, not the exception.
      assert.isBelow(compared.groups, compared.turns)
      for (const verdict of compared.verdicts) verdicts.add(verdict)
      for (const verdict of compared.appended) appended.add(verdict)
      for (const table of compared.tables) tables.add(table)
    }
    assert.includeMembers([...verdicts], ["Committed", "Repeated", "Fenced"])
    // These the database judged by itself, and as the domain does.
    assert.sameMembers([...appended], ["Committed", "Repeated", "Fenced"])
    assert.includeMembers([...tables], [
      "audit_log",
      "auth_sessions",
      "chat_request_notifications",
      "chat_sessions",
      "commands_seen",
      "messages",
      "mitra_assignments",
      "mitra_online_logs",
      "mitra_slots",
      "mitra_status",
      "mitras",
      "payment_requests",
      "push_outbox",
      "reroute_proposals",
      "session_events",
      "transactions"
    ])
  }, 300_000)
})
