// How callers reach a chat session's actor: one call, "run this command", wherever it lives.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ClusterSchema, Entity } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { Refusal } from "../../domain/refusal.ts"
import { SessionCommand } from "../../domain/session/commands.ts"
import { OfferedRequest } from "../../domain/session/offered-request.ts"
import { SessionOutcome, type SessionReply } from "../../domain/session/reply.ts"
import { SeenSession } from "../../domain/session/seen-session.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { callFields } from "../turn-call.ts"

export const SessionCall = Schema.Struct({ ...callFields, command: SessionCommand })
export type SessionCall = typeof SessionCall.Type

/** Absent in the answers of a runner that still has the version before. */
const orNull = <S extends Schema.Constraint>(schema: S) =>
  Schema.NullOr(schema).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null)))

/** The answer on its way between runners. */
export const SentReply = Schema.Struct({
  ...SessionOutcome.fields,
  seen: orNull(SeenSession),
  unread: orNull(Schema.Int),
  offered: orNull(OfferedRequest)
})

export const ChatSession = Entity.make("ChatSession", [
  Rpc.make("Run", {
    payload: SessionCall,
    success: SentReply,
    error: Schema.Union([Refusal, Unavailable])
  })
]).annotate(ClusterSchema.ClientTracingEnabled, false)

/**
 * The client of session actors: bounded waiting, retries while an owner moves, and defects turned into
 * `Unavailable`. A retryable failure means "unknown": repeat with the same command id.
 */
export class SessionActors extends Context.Service<SessionActors, {
  readonly run: (
    sessionId: string,
    call: SessionCall
  ) => Effect.Effect<SessionReply, Refusal | Unavailable>
}>()("halobestie/actors/SessionActors") {}
