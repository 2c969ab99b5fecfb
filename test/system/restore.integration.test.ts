// The restore drill, with the scripts of ops/backup and a real PostgreSQL: load, base backup, more load, a
// moment to return to, a mistake after it, the machine lost; restored to that moment, served, and checked.
// `npm run drill` runs this and prints how long it took (RTO) and how much an archive may lose (RPO).
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, chownSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freePorts, runCli, startServer } from "../support/server-process.ts"
import { customer, history, mitra, pair, send } from "./people.ts"
import { account, folderOf, run, runBeside, serve, urlAt } from "./postgres-programs.ts"
import { root } from "../ops/prometheus.ts"

const goalRtoMinutes = 10
const goalRpoSeconds = 60
const goalBytes = 10 * 1024 ** 3
/** So much more lies in the database: for a measurement, not for every run. */
const moreGb = Number(process.env["HALOBESTIE_DRILL_GB"] ?? "0")

const psql = (url: string, sql: string) => run("psql", [url, "-v", "ON_ERROR_STOP=1", "-Atqc", sql]).trim()

/** What must hold in any database of ours; each counts what breaks it. */
const invariants: Readonly<Record<string, string>> = {
  "two winners": `SELECT count(*) FROM (SELECT 1 FROM chat_request_notifications WHERE status = 'accepted'
    GROUP BY session_id HAVING count(*) > 1) AS twice`,
  "gaps in a story": `SELECT count(*) FROM chat_sessions AS s WHERE s.last_seq <>
    (SELECT count(*) FROM session_events WHERE session_id = s.id) +
    (SELECT count(*) FROM messages WHERE session_id = s.id)`,
  "charges without their payment": `SELECT count(*) FROM transactions AS t LEFT JOIN payment_requests AS p
    ON p.id = t.payment_id AND p.amount_idr = t.amount_idr WHERE p.id IS NULL`,
  "customers with two live sessions": `SELECT count(*) FROM (SELECT 1 FROM chat_sessions WHERE status IN
    ('searching', 'pending_acceptance', 'active', 'extending')
    GROUP BY customer_id HAVING count(*) > 1) AS two`
}

const invariantsHold = (url: string): void => {
  for (const [broken, sql] of Object.entries(invariants)) assert.strictEqual(psql(url, sql), "0", broken)
}

/** Rows of the size of messages, before anything is archived; about 110 bytes each. */
const fill = (data: string, port: number) =>
  Effect.gen(function*() {
    const server = yield* serve(data, port, { wal_level: "minimal", max_wal_senders: "0" })
    psql(urlAt(port, "postgres"), "CREATE DATABASE more")
    psql(
      urlAt(port, "more"),
      `CREATE TABLE rows (id uuid, sender uuid, body text, at timestamptz);
       INSERT INTO rows SELECT gen_random_uuid(), gen_random_uuid(), 'Halo kak, apa kabar hari ini? ' || n,
         now() FROM generate_series(1, ${Math.round(moreGb * 1024 ** 3 / 110)}) AS n`
    )
    psql(urlAt(port, "postgres"), "CHECKPOINT")
    yield* server.kill
  }).pipe(Effect.scoped)

/** The copy that staging gets of it, made beside it: everything is there but people. */
const staysMasked = (script: string, port: number): void => {
  const [original, copy] = [urlAt(port, "halobestie"), urlAt(port, "scratch")]
  psql(urlAt(port, "postgres"), "CREATE DATABASE scratch")
  // As a month that was detached lies there until it is dropped.
  psql(original, "CREATE TABLE messages_2020_01 AS SELECT * FROM messages")
  const masked = run(script, [original], { MASK_SCRATCH_URL: copy })
  const people = ["the backup", "Sari", "Ayu", "+6281"]
  assert.deepStrictEqual(
    masked.split("\n").filter((line) => people.some((word) => line.includes(word))),
    []
  )
  assert.include(masked, "Customer 1")
  const messages = "SELECT count(*) FROM messages"
  assert.strictEqual(psql(copy, messages), psql(original, messages))
  invariantsHold(copy)
}

describe("the restore drill", { timeout: 300_000 + moreGb * 300_000 }, () => {
  it.live("brings everything back that was acknowledged before the moment, and nothing after it", () =>
    Effect.gen(function*() {
      const home = yield* Effect.acquireRelease(
        Effect.sync(() => folderOf(mkdtempSync(join(tmpdir(), "drill-")))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
      )
      const [first, second] = yield* Effect.promise(() => freePorts(true))
      // The account may not read the checkout: it gets the scripts as a machine would.
      cpSync(join(root, "ops/backup"), folderOf(join(home, "scripts")), { recursive: true })
      const own = (path: string) => account === null ? undefined : chownSync(path, account.uid, account.gid)
      for (const name of readdirSync(join(home, "scripts"))) own(join(home, "scripts", name))
      const secret = join(home, "passphrase")
      writeFileSync(secret, "the drill's passphrase\n", { mode: 0o600 })
      own(secret)
      const script = (name: string) => join(home, "scripts", name)
      const backups = {
        BACKUP_DIR: folderOf(join(home, "backups")),
        BACKUP_PASSPHRASE_FILE: secret,
        BACKUP_DATABASE_URL: urlAt(first, "postgres")
      }
      const data = folderOf(join(home, "data"))
      run("initdb", ["-D", data, "--auth", "trust", "--username", "postgres", "--encoding", "UTF8"])
      if (moreGb > 0) yield* fill(data, first)
      const original = yield* serve(data, first, {
        archive_mode: "on",
        archive_timeout: "60",
        archive_command: `${script("archive-wal")} %p %f`,
        wal_level: "replica"
      }, backups)
      const url = urlAt(first, "halobestie")
      psql(urlAt(first, "postgres"), "CREATE DATABASE halobestie")
      assert.strictEqual((yield* runCli("migrate", { DATABASE_URL: url })).code, 0)

      const story = yield* Effect.scoped(Effect.gen(function*() {
        const server = yield* startServer(url)
        return yield* Effect.promise(async () => {
          const [sari, ayu] = [await customer(server), await mitra(server, 1)]
          const session = await pair(server, sari, ayu, "chat_60")
          await send(sari, session, "before the backup")
          await runBeside(script("base-backup"), backups)
          for (let number = 1; number <= 20; number++) await send(ayu, session, `after the backup ${number}`)
          const moment = psql(url, "SELECT clock_timestamp()")
          const kept = await history(sari, session)
          await send(sari, session, "after the moment")
          psql(url, "TRUNCATE messages")
          psql(url, "SELECT pg_switch_wal()")
          return { session, moment, kept }
        })
      }))
      yield* original.kill
      rmSync(data, { recursive: true, force: true })

      const began = performance.now()
      const restored = folderOf(join(home, "restored"))
      run(script("restore"), ["--target", story.moment, "--into", restored], backups)
      const unpackSeconds = (performance.now() - began) / 1000
      const size = Number(run("du", ["-sb", restored]).split("\t")[0])
      yield* serve(restored, second, {}, backups)
      const back = urlAt(second, "halobestie")
      const bodies = psql(
        back,
        `SELECT body FROM messages WHERE session_id = '${story.session}' ORDER BY seq`
      )
      assert.deepStrictEqual(bodies.split("\n"), story.kept.map(([, body]) => body))
      assert.lengthOf(story.kept, 21)
      invariantsHold(back)
      const server = yield* startServer(back)
      const rtoSeconds = (performance.now() - began) / 1000
      const health = yield* Effect.promise(async () =>
        await (await fetch(`${server.internalUrl}/health`)).text()
      )
      assert.include(health, "answers and writes")

      staysMasked(script("masked-copy"), second)

      const sealed = readdirSync(join(backups.BACKUP_DIR, "base")).map((name) =>
        join(backups.BACKUP_DIR, "base", name, "base.tar.gpg")
      )
      for (const file of sealed) assert.notInclude(readFileSync(file).toString("latin1"), "PG_VERSION")
      // What is not unpacking does not grow with the size.
      const tenGb = (rtoSeconds - unpackSeconds + (unpackSeconds * goalBytes) / size) / 60
      console.log(
        `drill: RTO ${rtoSeconds.toFixed(1)} s, of which ${unpackSeconds.toFixed(1)} s unpack ` +
          `${(size / 1024 ** 2).toFixed(0)} MB: about ${tenGb.toFixed(1)} min for 10 GB by extrapolation; ` +
          `RPO at most ${goalRpoSeconds} s (archive_timeout), here nothing acknowledged was lost`
      )
      assert.isBelow(moreGb > 0 ? tenGb : rtoSeconds / 60, goalRtoMinutes)
    }))
})
