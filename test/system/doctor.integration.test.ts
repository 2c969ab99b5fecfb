// `doctor` and `inspect`: what an operator asks when something is wrong, and what they must not show.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { emptyDatabaseUrl, databaseAt, freshDatabaseUrl } from "../support/postgres.ts"
import { runCli, startServer } from "../support/server-process.ts"
import { customer, mitra, pair, send } from "./people.ts"

describe("doctor", () => {
  it.live("finds a healthy database healthy, one line a check, and exits with 0", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const ports = { PUBLIC_PORT: "0", INTERNAL_PORT: "0" }
      const { code, output } = yield* runCli("doctor", { DATABASE_URL: url, ...ports })
      assert.strictEqual(code, 0, output)
      for (
        const check of [
          "postgres",
          "schema",
          "rights",
          "audit log",
          "connections",
          "clock",
          "wal",
          "keys",
          "disk"
        ]
      ) {
        assert.match(output, new RegExp(`^(ok|warn) +${check} `, "m"))
      }
      assert.match(output, /skip +valkey/)
    }))

  it.live("names each thing that is wrong, with what to do, and exits with 1", () =>
    Effect.gen(function*() {
      const url = yield* emptyDatabaseUrl
      const { code, output } = yield* runCli("doctor", {
        DATABASE_URL: url,
        VALKEY_URL: "redis://:a-secret-password@127.0.0.1:1/0"
      })
      assert.strictEqual(code, 1)
      assert.match(output, /FAIL +schema +.* at version 0, this server needs \d+\. Run `npm run migrate`/)
      assert.match(output, /FAIL +valkey/)
      assert.notInclude(output, "a-secret-password")
    }))
})

describe("inspect", () => {
  it.live(
    "tells a session, its payment and its mitra in readable lines, without what anybody typed",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        const server = yield* startServer(url)
        const [session, ayu] = yield* Effect.promise(async () => {
          const [sari, ayu] = [await customer(server, "Sari Rahasia"), await mitra(server, 1)]
          const session = await pair(server, sari, ayu, "chat_60")
          await send(sari, session, "a private sentence")
          return [session, ayu.id] as const
        })
        const [row] = yield* Effect.flatMap(
          SqlClient.SqlClient,
          (sql) =>
            sql<{ payment_id: string }>`SELECT payment_id FROM chat_sessions WHERE id = ${session}::uuid`
        ).pipe(
          Effect.provide(databaseAt(url, 1))
        )
        const ask = (what: string) => runCli(`inspect ${what}`, { DATABASE_URL: url })
        const told = yield* Effect.all([
          ask(`session ${session}`),
          ask(`payment ${row?.payment_id}`),
          ask(`mitra ${ayu}`)
        ])
        const all = told.map(({ output }) => output).join("\n")
        assert.deepStrictEqual(told.map(({ code }) => code), [0, 0, 0], all)
        for (
          const word of [
            "active",
            "accepted",
            "wave 1",
            "Paired",
            "1 messages",
            "confirmed",
            "running chats: 1"
          ]
        ) {
          assert.include(all, word)
        }
        for (const secret of ["a private sentence", "Sari Rahasia", "+628"]) assert.notInclude(all, secret)
      }),
    60_000
  )

  it.live("says in words that there is no such thing, or that this is no id", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const nobody = yield* runCli("inspect mitra 00000000-0000-7000-8000-000000000000", {
        DATABASE_URL: url
      })
      assert.strictEqual(nobody.code, 1)
      assert.include(nobody.output, "There is no mitra")
      assert.include(
        (yield* runCli("inspect session nonsense", { DATABASE_URL: url })).output,
        "expected a UUID"
      )
    }))
})
