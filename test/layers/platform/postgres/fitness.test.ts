// Databases that answer and cannot serve, as hosters put them behind an address, and urls as they write them.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ConnectionOptions } from "node:tls"
import { relied } from "../../../../src/layers/platform/postgres/client.ts"
import { reasonAgainst, type Session } from "../../../../src/layers/platform/postgres/fitness.ts"
import { databaseAddress } from "../../../../src/layers/platform/postgres/url.ts"

const fit: Session = {
  is_standby: false,
  is_read_only: false,
  encoding: "UTF8",
  connections: 97,
  settings: relied
}

describe("a database", () => {
  it.each<[string, Partial<Session>, boolean, RegExp]>([
    ["that is a standby", { is_standby: true }, false, /read-only.*primary/],
    ["whose sessions only read", { is_read_only: true }, false, /read-only/],
    ["that is not UTF8", { encoding: "SQL_ASCII" }, false, /SQL_ASCII.*UTF8/],
    [
      "whose pooler ignores what sessions set",
      { settings: { ...relied, statement_timeout: "0" } },
      false,
      /statement_timeout is 0 instead of 10000.*pooler/
    ],
    ["too old to know a setting", { settings: {} }, false, /idle_session_timeout is unknown/],
    ["whose pooler shares sessions out", {}, true, /share one session.*transaction mode/]
  ])("%s is refused with the reason", (_title, change, sharesSessions, reason) => {
    assert.match(reasonAgainst({ ...fit, ...change }, sharesSessions) ?? "", reason)
  })

  it("of our own sessions is fit", () => {
    assert.isNull(reasonAgainst(fit, false))
  })
})

const address = (rest: string) =>
  databaseAddress(Redacted.make(`postgres://app:secret@db.example/app${rest}`))
const sslOf = (rest: string): ConnectionOptions | undefined => Effect.runSync(address(rest)).ssl

describe("a database url", () => {
  const folder = mkdtempSync(join(tmpdir(), "authority-"))
  const authority = join(folder, "ca.pem")
  writeFileSync(authority, "certificate")

  it("is honoured as libpq does", () => {
    assert.isUndefined(sslOf(""))
    assert.isUndefined(sslOf("?sslmode=disable&connect_timeout=3"))
    assert.deepStrictEqual(sslOf("?sslmode=require"), { rejectUnauthorized: false })
    assert.deepStrictEqual(sslOf("?sslmode=verify-full"), { rejectUnauthorized: true })
    assert.deepStrictEqual(sslOf("?sslmode=require&channel_binding=require"), { rejectUnauthorized: true })
    assert.deepStrictEqual(sslOf(`?sslmode=verify-full&sslrootcert=${authority}`), {
      ca: "certificate",
      rejectUnauthorized: true
    })
    const anyName = sslOf(`?sslmode=require&sslrootcert=${authority}`)
    assert.isUndefined(anyName?.checkServerIdentity?.("another.name", {} as never))
  })

  it.each([
    ["?sslmod=verify-full", "sslmod"],
    ["?sslmode=verify_full", "sslmode"],
    ["?sslcert=/a", "sslcert"],
    ["?pgbouncer=true", "pgbouncer"],
    ["?sslmode=verify-full&sslrootcert=/does/not/exist", "/does/not/exist"],
    ["?sslrootcert=/a", "sslmode"],
    ["?target_session_attrs=standby", "target_session_attrs"]
  ])("with %s is refused, naming %s and no secret", (rest, named) => {
    const { message } = Effect.runSync(Effect.flip(address(rest)))
    assert.include(message, named)
    assert.notInclude(message, "secret")
  })

  it("of a socket may have no host", () => {
    const socket = "postgres://app:secret@/app?host=/cloudsql/project:region:instance"
    const { url } = Effect.runSync(databaseAddress(Redacted.make(socket)))
    assert.strictEqual(
      new URL(Redacted.value(url)).searchParams.get("host"),
      "/cloudsql/project:region:instance"
    )
  })
})
