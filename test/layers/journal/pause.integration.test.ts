// The migration that lets a chat without a mitra stand, on a database in use: a running chat still has an
// end, and only a paused one has none.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import pauseWithoutMitra from "../../../migrations/0023_pause_without_mitra.ts"
import * as OversightPostgres from "../../../src/layers/oversight/oversight.postgres.ts"
import { Oversight } from "../../../src/services/oversight/oversight.ts"
import { SessionViews } from "../../../src/services/sessions/session-views.ts"
import { Sessions } from "../../../src/services/sessions/sessions.ts"
import { t0 } from "../../../testkit/conformance/given.ts"
import * as Stage from "../../../testkit/conformance/stage.ts"
import { databaseAt, freshDatabaseUrl } from "../../support/postgres.ts"
import { runnerOn } from "./runners.ts"

describe("the migration to chats that stand without a mitra", () => {
  it.live("takes the rows of before, and then a pause, which is read back as it was written", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* Effect.gen(function*() {
        yield* Stage.givenMitras(1)
        const chat = yield* Stage.givenChat(1, 1)
        yield* Effect.gen(function*() {
          const sql = yield* PgClient.PgClient
          yield* sql`ALTER TABLE chat_sessions DROP CONSTRAINT chat_sessions_ends_at_check,
            ADD CONSTRAINT chat_sessions_check3 CHECK ((status = 'active') = (ends_at IS NOT NULL))`
          yield* pauseWithoutMitra
          const endless = yield* Effect.exit(sql`UPDATE chat_sessions SET ends_at = NULL`)
          assert.strictEqual(endless._tag, "Failure", "a running chat has an end")
        }).pipe(Effect.provide(databaseAt(url, 1)))
        const mitra_absence = { cause: "mitra_deactivated", since: t0 + 100 } as const
        const verdict = yield* Stage.act(chat, { _tag: "CheckMitra" }, { at: t0 + 100, mitra_absence })
        assert.strictEqual(verdict._tag, "Committed")
        const stored = yield* (yield* Sessions).find(Stage.session(1))
        assert.deepStrictEqual(stored, chat.state)
        assert.isNull(stored?.ends_at)
        assert.isNull(yield* (yield* SessionViews).nthEnd(1), "nobody waits for its end")
        const oversight = Layer.provide(OversightPostgres.layer, databaseAt(url, 1))
        const ends = Effect.flatMap(Oversight, (port) => port.nextEnds(5)).pipe(Effect.provide(oversight))
        assert.deepStrictEqual(yield* ends, [])
      }).pipe(Effect.provide(runnerOn(url)))
    }).pipe(Effect.scoped))
})
