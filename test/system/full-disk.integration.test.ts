// A disk that is really full under Postgres, and a sweep that is really stuck: what operators see of each,
// and that the server goes on by itself with everything that was acknowledged.
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { databaseAt } from "../support/postgres.ts"
import { mayMount, smallDisk } from "../support/small-disk.ts"
import { freePorts, runCli, startServer, whenReady } from "../support/server-process.ts"
import { commandId, customer, history, mitra, pair, reconnected, send, sendUntilKnown } from "./people.ts"
import { folderOf, run, serve, urlAt } from "./postgres-programs.ts"
import { showsTrouble } from "./seen-by-operators.ts"

const diskMegabytes = 140
const longBody = "x".repeat(1_500)
const sendsMax = 400

const onSmallDisk = Effect.gen(function*() {
  const disk = yield* smallDisk(diskMegabytes)
  const [port] = yield* Effect.promise(() => freePorts(true))
  const data = folderOf(join(disk.path, "data"))
  run("initdb", ["-D", data, "--auth", "trust", "--username", "postgres", "--encoding", "UTF8", "--no-sync"])
  yield* serve(data, port, {})
  run("psql", [urlAt(port, "postgres"), "-v", "ON_ERROR_STOP=1", "-qc", "CREATE DATABASE halobestie"])
  const url = urlAt(port, "halobestie")
  assert.strictEqual((yield* runCli("migrate", { DATABASE_URL: url })).code, 0)
  return { disk, url, server: yield* startServer(url) }
})

/** Longer than a sweep waits for a table. */
const holdPushes = (url: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    yield* sql.withTransaction(Effect.gen(function*() {
      yield* sql`LOCK TABLE push_outbox IN ACCESS EXCLUSIVE MODE`
      yield* sql`SELECT pg_sleep(7)`
    }))
  }).pipe(Effect.provide(databaseAt(url, 1)), Effect.scoped)

describe("a disk that is full under Postgres, and a sweep that is stuck", { timeout: 180_000 }, () => {
  it.live(
    mayMount
      ? "are told as they are, take nothing that is lost, and the server goes on by itself"
      : "(not tried: this account may not mount a file system of its own)",
    () =>
      Effect.gen(function*() {
        if (!mayMount) return
        const { disk, server, url } = yield* onSmallDisk
        const held = yield* Effect.forkChild(holdPushes(url))
        yield* Effect.promise(() => showsTrouble(server, "a stuck sweep"))
        yield* Fiber.join(held)
        const { ayu, sari, session } = yield* Effect.promise(async () => {
          const [sari, ayu] = [await customer(server), await mitra(server, 1)]
          return { ayu, sari, session: await pair(server, sari, ayu, "chat_60") }
        })

        yield* disk.fill
        const acknowledged: Array<string> = []
        const unsure = { id: commandId(), body: "" }
        yield* Effect.promise(async () => {
          for (let number = 0; number < sendsMax; number++) {
            Object.assign(unsure, { id: commandId(), body: `${number} ${longBody}` })
            if (!await send(sari, session, unsure.body, unsure.id).then(() => true, () => false)) return
            acknowledged.push(unsure.body)
          }
          assert.fail("the disk was never full")
        })
        yield* Effect.promise(() => showsTrouble(server, "a full disk"))

        yield* disk.clear
        yield* whenReady(server)
        yield* Effect.promise(async () => {
          const [back, other] = [await reconnected(sari, server), await reconnected(ayu, server)]
          await sendUntilKnown(back, session, unsure.body, unsure.id, 30_000)
          const bodies = (await history(other, session)).map(([, body]) => body)
          assert.deepStrictEqual(bodies, [...acknowledged, unsure.body])
          for (const { phone } of [sari, ayu, back, other]) phone.hangUp()
        })
      })
  )
})
