// The people of the bench: ids, sign-ins that are live, and access tokens made with the server's own
// secret, so that ten thousand phones need no code by SMS.
import { createHmac, randomUUID } from "node:crypto"
import type { Sql } from "postgres"
import type { Person } from "./load/wires.ts"

export const jwtSecret = "a-secret-of-the-bench-with-enough-characters"
const lifetimeSeconds = 3600
const callName = "Sari"

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url")

const tokenOf = (user_id: string, user_type: string, session_id: string): string => {
  const iat = Math.floor(Date.now() / 1000)
  const claims = { sub: user_id, user_type, session_id, iat, exp: iat + lifetimeSeconds }
  const text = `${base64({ alg: "HS256", typ: "JWT" })}.${base64(claims)}`
  return `${text}.${createHmac("sha256", jwtSecret).update(text).digest("base64url")}`
}

let made = 0

const newPerson = (kind: Person["kind"]) => {
  const [id, session] = [randomUUID(), randomUUID()]
  const nth = made++
  const address = `172.${16 + (nth >> 16 & 15)}.${nth >> 8 & 255}.${nth & 255}`
  return { nth, session, person: { id, kind, token: tokenOf(id, kind, session), address } satisfies Person }
}

/** As sign-in would have left them in this server's tables. */
const insertPeople = async (
  sql: Sql,
  kind: Person["kind"],
  all: ReadonlyArray<ReturnType<typeof newPerson>>
) => {
  const ids = all.map(({ person }) => person.id)
  const sessions = all.map(({ session }) => session)
  if (kind === "customer") {
    await sql`INSERT INTO customers (id, call_name, created_at) SELECT id, ${callName}, now()
      FROM unnest(${ids}::uuid[]) AS given (id)`
  } else {
    const phones = all.map(({ nth }) => `+6281${String(10_000_000 + nth)}`)
    await sql`INSERT INTO mitras (id, display_name, phone, created_at) SELECT id, 'Ayu', phone, now()
      FROM unnest(${ids}::uuid[], ${phones}::text[]) AS given (id, phone)`
    await sql`INSERT INTO mitra_status (mitra_id) SELECT unnest(${ids}::uuid[])`
  }
  await sql`INSERT INTO auth_sessions (id, family_id, user_type, user_id, refresh_hash, created_at,
      expires_at)
    SELECT session, session, ${kind}, id, session::text, now(), now() + interval '30 days'
    FROM unnest(${sessions}::uuid[], ${ids}::uuid[]) AS given (session, id)`
}

/** The baselines believe a token, or nothing at all: they keep no accounts. */
export const newPeople = async (
  sql: Sql,
  keepsAccounts: boolean,
  kind: Person["kind"],
  count: number
): Promise<ReadonlyArray<Person>> => {
  const all = Array.from({ length: count }, () => newPerson(kind))
  if (keepsAccounts && count > 0) await insertPeople(sql, kind, all)
  return all.map(({ person }) => person)
}
