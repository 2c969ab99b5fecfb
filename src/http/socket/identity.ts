// Who is on a connection: what handlers see as `Connection`, and the rules for signing it in. The only
// source of identity is a principal that a token verifier made.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { refuse } from "../../domain/refusal.ts"
import { Presence } from "../../services/availability/presence.ts"
import { Connection, type Principal } from "./connection.ts"
import { Connections } from "./connections.ts"
import type { LiveConnection } from "./live-connection.ts"
import { Revocations } from "./revocations.ts"

const isSamePerson = (one: Principal, other: Principal): boolean =>
  one.user_type === other.user_type && one.user_id === other.user_id

const anotherPerson = refuse(
  "FORBIDDEN",
  "This connection is signed in as somebody else. Open a new connection to change accounts."
)
const ranOut = refuse("TOKEN_EXPIRED", "The access token has run out. Refresh it, then authenticate again.")

/** Makes connections as handlers see them; each lives in its socket's scope. */
export const makeIdentity = Effect.gen(function*() {
  const connections = yield* Connections
  const revocations = yield* Revocations
  const presence = yield* Presence

  return (live: LiveConnection, scope: Scope.Scope): Connection["Service"] => {
    let claimedBy: Principal | null = null
    let isPresent = false

    const authenticate = Effect.fnUntraced(function*(principal: Principal, heard?: number) {
      // Claimed before anything waits, so that of two different people in flight at once one is refused.
      if (claimedBy !== null && !isSamePerson(claimedBy, principal)) return yield* anotherPerson
      if (principal.expires_at <= (yield* Clock.currentTimeMillis)) return yield* ranOut
      claimedBy = principal
      if (!isPresent) yield* Scope.provide(presence.register(principal), scope)
      isPresent = true
      const isFirst = live.principal === null
      yield* connections.signIn(live, principal)
      if (isFirst) {
        const { user_id, user_type } = principal
        yield* Effect.logInfo("connection opened").pipe(
          Effect.annotateLogs({ connection: live.id, user_type, user_id })
        )
      }
      // It may have been revoked after its token was checked and before a revocation found it here.
      if (heard !== revocations.heard()) yield* Effect.forkIn(revocations.recheck(principal), scope)
    })

    return Connection.of({
      id: live.id,
      remote_address: live.remote_address,
      principal: Effect.withFiber((fiber) => {
        const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
        return Effect.succeed(
          live.principal !== null && live.principal.expires_at > now ? live.principal : null
        )
      }),
      authenticate,
      close: (code) => Effect.sync(() => live.close(code))
    })
  }
})
