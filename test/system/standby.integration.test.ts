// A real standby: history is read from it while it is close behind, and from the primary at once when it is
// not. A failover to it behind the same address: while it is read-only the server takes nothing and says
// why it is not ready; a start on it is refused; once it is promoted the chat goes on with everything that
// was acknowledged.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { sleep } from "../../testkit/phone.mjs"
import { freePorts, runCli, type ServerProcess, startServer } from "../support/server-process.ts"
import { tcpProxy } from "../support/tcp-proxy.ts"
import {
  commandId,
  customer,
  history,
  mitra,
  pair,
  type Person,
  reconnected,
  send,
  sendUntilKnown
} from "./people.ts"
import { showsTrouble } from "./seen-by-operators.ts"
import { folderOf, run, serve, urlAt } from "./postgres-programs.ts"

const psql = (url: string, sql: string) => run("psql", [url, "-v", "ON_ERROR_STOP=1", "-Atqc", sql]).trim()

/** Every commit is on both before it is acknowledged. */
const pairOfServers = Effect.gen(function*() {
  const home = yield* Effect.acquireRelease(
    Effect.sync(() => folderOf(mkdtempSync(join(tmpdir(), "standby-")))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const [first, second] = yield* Effect.promise(() => freePorts(true))
  const [data, copy] = [folderOf(join(home, "primary")), join(home, "standby")]
  run("initdb", ["-D", data, "--auth", "trust", "--username", "postgres", "--encoding", "UTF8"])
  const primary = yield* serve(data, first, { wal_level: "replica" })
  psql(urlAt(first, "postgres"), "CREATE DATABASE halobestie")
  run("pg_basebackup", ["-d", urlAt(first, "postgres"), "-D", copy, "-R", "--checkpoint=fast"])
  yield* serve(copy, second, {}, {}, true)
  psql(urlAt(first, "postgres"), "ALTER SYSTEM SET synchronous_standby_names = '*'")
  psql(urlAt(first, "postgres"), "SELECT pg_reload_conf()")
  return { primary, second, url: urlAt(first, "halobestie"), standbyUrl: urlAt(second, "halobestie") }
})

const readyzSays = async (server: ServerProcess, words: string): Promise<void> => {
  const giveUpAt = performance.now() + 20_000
  for (;;) {
    const said = await fetch(`${server.httpUrl}/readyz`).then((answer) => answer.text())
    if (said.includes(words) || performance.now() > giveUpAt) return assert.include(said, words)
    await sleep(100)
  }
}

const metricsOf = (server: ServerProcess) =>
  fetch(`${server.internalUrl}/metrics`).then((answer) => answer.text())

const servedBy = async (server: ServerProcess) => {
  const text = await metricsOf(server)
  const of = (from: string) =>
    Number(new RegExp(`halobestie_replica_reads_total\\{from="${from}"\\} (\\d+)`).exec(text)?.[1] ?? 0)
  return { replica: of("replica"), primary: of("primary") }
}

const healthSays = async (server: ServerProcess, words: RegExp): Promise<void> => {
  const giveUpAt = performance.now() + 20_000
  for (;;) {
    const said = await fetch(`${server.internalUrl}/health`).then((answer) => answer.text())
    if (words.test(said) || performance.now() > giveUpAt) return assert.match(said, words)
    await sleep(100)
  }
}

/** The chat that runs is not in it. */
const looksBack = (person: Person) => person.phone.call("chat.sessions", { before: null, limit: 5 })

const readsFromStandby = async (server: ServerProcess, standbyUrl: string, sari: Person): Promise<void> => {
  await healthSays(server, /"name":"replica","state":"ok"/)
  await looksBack(sari)
  assert.deepStrictEqual(await servedBy(server), { replica: 1, primary: 0 })
  // It stands still while the primary goes on.
  psql(standbyUrl, "SELECT pg_wal_replay_pause()")
  await healthSays(server, /"name":"replica","state":"degraded"[^}]*is \d+ s behind/)
  await looksBack(sari)
  assert.deepStrictEqual(await servedBy(server), { replica: 1, primary: 1 })
  // What the alert ReplicaUnused looks at.
  assert.match(await metricsOf(server), /^halobestie_replica_in_use 0$/m)
  psql(standbyUrl, "SELECT pg_wal_replay_resume()")
  await healthSays(server, /"name":"replica","state":"ok"/)
}

describe("a failover to a standby", { timeout: 240_000 }, () => {
  it.live("loses nothing that was acknowledged, and takes nothing while the standby is read-only", () =>
    Effect.gen(function*() {
      const { primary, second, standbyUrl, url } = yield* pairOfServers
      assert.strictEqual((yield* runCli("migrate", { DATABASE_URL: url })).code, 0)
      const proxy = yield* tcpProxy(url)
      psql(
        url,
        "INSERT INTO settings (key, value, updated_at) VALUES ('replica_lag_max_seconds', '1', now())"
      )
      const server = yield* startServer(proxy.url, { DATABASE_REPLICA_URL: standbyUrl })
      const { ayu, sari, session } = yield* Effect.promise(async () => {
        const [sari, ayu] = [await customer(server), await mitra(server, 1)]
        const session = await pair(server, sari, ayu, "chat_60")
        for (let number = 1; number <= 10; number++) await send(ayu, session, `before ${number}`)
        return { ayu, sari, session }
      })
      const before = yield* Effect.promise(() => history(sari, session))
      yield* Effect.promise(() => readsFromStandby(server, standbyUrl, sari))
      const refused = yield* runCli("serve", {
        DATABASE_URL: standbyUrl,
        PUBLIC_PORT: "0",
        INTERNAL_PORT: "0"
      })
      assert.strictEqual(refused.code, 1)
      assert.match(refused.output, /read-only, a standby/)

      // The address leads to the standby before that is promoted.
      yield* proxy.pointTo(second)
      yield* primary.kill
      yield* proxy.cut
      const unsure = commandId()
      const taken = yield* Effect.promise(() =>
        send(sari, session, "unsure", unsure).then(() => true, () => false)
      )
      assert.isFalse(taken, "a standby takes nothing")
      yield* Effect.promise(() => showsTrouble(server, "a failover to a replica that is still read-only"))

      assert.strictEqual(psql(standbyUrl, "SELECT pg_promote()"), "t")
      yield* Effect.promise(async () => {
        await readyzSays(server, `"ready"`)
        // A runner that takes nothing sends its phones away.
        const [back, other] = [await reconnected(sari, server), await reconnected(ayu, server)]
        const { seq } = await sendUntilKnown(back, session, "unsure", unsure, 30_000)
        assert.deepStrictEqual(await history(other, session), [...before, [seq, "unsure"]])
        // It is no standby any more.
        await healthSays(server, /"name":"replica","state":"degraded"[^}]*is no standby/)
        for (const { phone } of [sari, ayu, back, other]) phone.hangUp()
      })
    }))
})
