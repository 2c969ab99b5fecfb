// The connection a call came in on: who is signed in on it, and the means to sign it in or to close it.
// The socket protocol provides it to every handler; identity is never read from a message.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import type { CloseCode } from "../../contract/close-codes.ts"
import type { Refusal } from "../../domain/refusal.ts"
import type { UserType } from "../../services/accounts/sign-ins.ts"

export interface Principal {
  readonly user_type: UserType
  readonly user_id: string
  /** The family id of the sign-in: what a revocation names. */
  readonly auth_session_id: string
  readonly expires_at: number
  /** The row of the rotation this token came from, if from one: shown once, its answer has arrived. */
  readonly rotated_row?: string
  /** Staff's, as it was shown: the owner of an actor on another runner verifies it again. */
  readonly token?: string
}

/** Who a token is of, and how much had been heard of revocations before it was checked. */
export interface CheckedToken {
  readonly principal: Principal
  readonly heard: number
}

export class Connection extends Context.Service<Connection, {
  readonly id: string
  /** The address of the other end, for logs and per-address limits. */
  readonly remote_address: string
  /** Null before sign-in, and from the moment the token has run out. */
  readonly principal: Effect.Effect<Principal | null>
  /**
   * Signs this connection in, or prolongs it with a newer token of the same person. From then on a
   * revocation or the end of the token closes it. Another person's token is refused: streams that are
   * already open belong to the first one. `heard`, of `CheckedToken`, spares asking whether the sign-in was
   * revoked meanwhile.
   */
  readonly authenticate: (principal: Principal, heard?: number) => Effect.Effect<void, Refusal>
  /** Interrupts what is in flight and closes the socket. Closing twice is harmless. */
  readonly close: (code: CloseCode) => Effect.Effect<void>
}>()("halobestie/http/Connection") {}

/**
 * For handlers. The connection comes with each request, not with the handlers' layer, so it must not
 * become a requirement of that layer; a handler run without a socket is a programmer's error.
 */
export const currentConnection: Effect.Effect<Connection["Service"]> = Effect.withFiber(({ context }) => {
  const connection = Context.getOrUndefined(context, Connection)
  return connection === undefined
    ? Effect.die(new Error("a handler ran outside a connection"))
    : Effect.succeed(connection)
})

/** A connection as its calls know it, and what their log lines say of it. */
export interface ActiveConnection {
  readonly connection: Connection["Service"]
  readonly annotations: Readonly<Record<string, unknown>>
}

/** The context of one of its calls. */
export const onConnection = <R>(
  context: Context.Context<R>,
  { annotations, connection }: ActiveConnection,
  tag: string
): Context.Context<R | Connection> =>
  Context.add(
    Context.add(context, Connection, connection),
    References.CurrentLogAnnotations,
    { ...annotations, call: tag }
  )
