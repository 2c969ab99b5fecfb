// Part of SignIns in memory: refresh token families as rows of the shared in-memory store.
import * as Effect from "effect/Effect"
import {
  exchangesWindowMs,
  exchangeWaitMs,
  rotationOf,
  successorEnd
} from "../../src/domain/sign-in/refresh-token.ts"
import {
  type AuthSession,
  type OpenSignIn,
  type Rotation,
  type SignInNotice,
  type ShownRow,
  type SignIns,
  signInsMax
} from "../../src/services/accounts/sign-ins.ts"
import { hold } from "./store/constraints.ts"
import { newPush } from "./store/push-rows.ts"
import { type AuthSessionRow, MemoryTables, type Tables } from "./store/tables.ts"
import { betweenStatements } from "./store/statements.ts"

type OpenOptions = Parameters<SignIns["Service"]["open"]>[1]
type RotateOptions = Parameters<SignIns["Service"]["rotate"]>[0]

const familyOf = (tables: Tables, familyId: string): ReadonlyArray<AuthSessionRow> =>
  tables.auth_sessions.where("family", familyId)

const signInsOf = (tables: Tables, userType: string, userId: string): ReadonlyArray<AuthSessionRow> =>
  tables.auth_sessions.where("person", `${userType}:${userId}`)

/** Ends these rows; gives the families that could still have been used at `at`. */
const revoke = (
  tables: Tables,
  rows: ReadonlyArray<AuthSessionRow>,
  reason: string,
  at: number
): ReadonlyArray<string> => {
  const live = rows.filter((row) => row.revoked_at === null)
  for (const row of live) {
    tables.auth_sessions.set(row.id, { ...row, revoked_at: at, revoked_reason: reason })
  }
  return [...new Set(live.filter((row) => row.expires_at > at).map((row) => row.family_id))]
}

const isRevoked = (tables: Tables, familyId: string): boolean =>
  familyOf(tables, familyId).some((row) => row.revoked_at !== null)

const writeNotice = (tables: Tables, session: AuthSession, notice: SignInNotice | undefined): void => {
  const { family_id, id, user_id, user_type } = session
  if (notice === undefined || user_type === "staff" || tables.push_outbox.has(id)) return
  const phones = tables.devices.where("person", `${user_type}:${user_id}`)
  if (!phones.some((phone) => phone.auth_session_id !== family_id)) return
  const about = { session_id: null, auth_session_id: family_id, kind: "sign_in" } as const
  tables.push_outbox.set(id, newPush({ id, user_type, user_id, ...about, ...notice }, session.created_at))
}

const open = (tables: Tables, session: AuthSession, { notice, only_one: onlyOne }: OpenOptions) => {
  const repeated = tables.auth_sessions.has(session.id)
  const taken = tables.auth_sessions.where("hash", session.refresh_hash).filter((row) =>
    row.id !== session.id
  )
  hold(taken.length === 0, "auth_sessions_refresh_hash_key")
  const others = onlyOne
    ? signInsOf(tables, session.user_type, session.user_id)
      .filter((row) => row.family_id !== session.family_id)
    : []
  const revoked_families = revoke(tables, others, "replaced", session.created_at)
  const inactive = session.user_type === "mitra" && tables.mitras.get(session.user_id)?.is_active === false
  if (!repeated) {
    tables.auth_sessions.set(session.id, {
      ...session,
      rotated_from: null,
      used_at: null,
      rotated_at: null,
      revoked_at: inactive ? session.created_at : null,
      revoked_reason: inactive ? "deactivated" : null
    })
  }
  writeNotice(tables, session, notice)
  return { revoked_families }
}

const successorIsUsed = (tables: Tables, row: AuthSessionRow): boolean => {
  const successors = familyOf(tables, row.family_id).filter(({ rotated_from }) => rotated_from === row.id)
  return successors.length === 0 ||
    successors.some(({ rotated_at, used_at }) => used_at !== null || rotated_at !== null)
}

const isFirstUse = (tables: Tables, familyId: string, { id }: ShownRow): boolean => {
  const row = tables.auth_sessions.get(id)
  return row !== undefined && row.family_id === familyId && row.used_at === null
}

const noteUse = (tables: Tables, familyId: string, shown: ShownRow): void => {
  const row = tables.auth_sessions.get(shown.id)
  if (row === undefined || !isFirstUse(tables, familyId, shown)) return
  tables.auth_sessions.set(shown.id, { ...row, used_at: shown.at })
}

const rotate = (tables: Tables, options: RotateOptions): Rotation => {
  const { next, now } = options
  const row = tables.auth_sessions.where("hash", options.refresh_hash)[0]
  if (row === undefined) return { _tag: "Unknown" }
  const { family_id, user_type, user_id } = row
  const verdict = rotationOf(
    {
      ...row,
      successor_is_used: successorIsUsed(tables, row),
      family_is_revoked: isRevoked(tables, family_id)
    },
    now,
    options.grace_ms
  )
  if (verdict === "Reused") return { _tag: "Reused", user_type, user_id, family_id }
  if (verdict !== "Rotated") return { _tag: verdict }
  const there = tables.auth_sessions.where("hash", next.refresh_hash)[0]
  if (there !== undefined && there.family_id === family_id) {
    const { created_at, expires_at, id, refresh_hash } = there
    const session = { id, refresh_hash, created_at, expires_at, family_id, user_type, user_id }
    return { _tag: "Rotated", session }
  }
  const times = familyOf(tables, family_id)
    .filter((one) => one.rotated_from !== null && one.created_at > now - exchangesWindowMs)
    .map(({ created_at }) => created_at)
  const oldest_at = times.length === 0 ? null : Math.min(...times)
  const retry_after_ms = exchangeWaitMs({ count: times.length, oldest_at }, now)
  if (retry_after_ms > 0) return { _tag: "TooOften", family_id, retry_after_ms }
  const family_opened_at = tables.auth_sessions.get(family_id)?.created_at ?? row.created_at
  const expires_at = successorEnd({ family_opened_at, user_type }, next.expires_at)
  const session: AuthSession = { ...next, expires_at, family_id, user_type, user_id, created_at: now }
  tables.auth_sessions.set(row.id, { ...row, rotated_at: row.rotated_at ?? now })
  if (!tables.auth_sessions.has(next.id)) {
    tables.auth_sessions.set(next.id, {
      ...session,
      rotated_from: row.id,
      used_at: null,
      rotated_at: null,
      revoked_at: null,
      revoked_reason: null
    })
  }
  return { _tag: "Rotated", session }
}

const listOf = (
  tables: Tables,
  { user_id, user_type }: Pick<AuthSession, "user_type" | "user_id">,
  now: number
): ReadonlyArray<OpenSignIn> => {
  const rows = signInsOf(tables, user_type, user_id)
  const devices = tables.devices.where("person", `${user_type}:${user_id}`)
    .toSorted((a, b) => b.registered_at - a.registered_at)
  return [...new Set(rows.map((row) => row.family_id))]
    .filter((family) => !isRevoked(tables, family))
    .filter((family) => familyOf(tables, family).some((row) => row.expires_at > now))
    .toSorted((a, b) => a < b ? 1 : -1)
    .slice(0, signInsMax)
    .map((family_id) => ({
      family_id,
      opened_at: Math.min(...familyOf(tables, family_id).map((row) => row.created_at)),
      renewed_at: Math.max(...familyOf(tables, family_id).map((row) => row.created_at)),
      platform: devices.find((device) => device.auth_session_id === family_id)?.platform ?? null
    }))
}

type Part = Pick<
  SignIns["Service"],
  "open" | "rotate" | "isLive" | "listOf" | "revokeFamily" | "revokeAllOf"
>
const part = (calls: Part): Part => calls

export const makeAuthSessions = Effect.gen(function*() {
  const tables = yield* MemoryTables
  return part({
    open: (session, options) => Effect.sync(() => open(tables, session, options)),
    rotate: Effect.fnUntraced(function*(options) {
      const rotation = rotate(tables, options)
      if (rotation._tag === "Reused") {
        yield* betweenStatements
        revoke(tables, familyOf(tables, rotation.family_id), "reused", options.now)
      }
      return rotation
    }),
    isLive: (familyId, owner, shown) =>
      Effect.sync(() => {
        const theirs = familyOf(tables, familyId).filter((row) =>
          owner === undefined || (row.user_type === owner.user_type && row.user_id === owner.user_id)
        )
        return theirs.length > 0 && !isRevoked(tables, familyId)
      }).pipe(Effect.tap(() => {
        if (shown === undefined || !isFirstUse(tables, familyId, shown)) return Effect.void
        return Effect.map(betweenStatements, () => noteUse(tables, familyId, shown))
      })),
    listOf: (owner, now) => Effect.sync(() => listOf(tables, owner, now)),
    revokeFamily: (familyId, reason, at) =>
      Effect.sync(() => {
        revoke(tables, familyOf(tables, familyId), reason, at)
      }),
    revokeAllOf: (userType, userId, reason, at) =>
      Effect.sync(() =>
        revoke(
          tables,
          signInsOf(tables, userType, userId),
          reason,
          at
        ).length
      )
  })
})
