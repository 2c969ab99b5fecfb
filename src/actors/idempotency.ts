// What makes a repeated command harmless: its outcome is stored with its effect, and found again in memory,
// in the idempotency records, or in the row that the command itself made.
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Refusal } from "../domain/refusal.ts"
import { Journal, type IdempotencyRecord } from "../services/journal/journal.ts"
import type { Unavailable } from "../services/platform/unavailable.ts"
import { ActorLimitsInForce } from "./actor-limits.ts"
import type { Machine } from "./machine.ts"
import type { Call } from "./turn-call.ts"
import { makeReplyCache } from "./reply-cache.ts"

type Repeatable<State, Command, Outcome> = Pick<
  Machine<State, Command & { readonly _tag: string }, never, { readonly _tag: string }, Outcome, unknown>,
  "id" | "outcome" | "keepsRecord" | "findPreviousReply"
>

export const makeIdempotency = Effect.fnUntraced(
  function*<State, Command extends { readonly _tag: string }, Outcome>(
    machine: Repeatable<State, Command, Outcome>
  ) {
    const journal = yield* Journal
    const recent = makeReplyCache<Outcome>(yield* ActorLimitsInForce)
    const encode = Schema.encodeSync(machine.outcome)
    const decode = Schema.decodeUnknownSync(machine.outcome)

    /** Written together with what the command did; null for what needs none. */
    const recordOf = (
      call: Call<Command>,
      reply: Result.Result<Outcome, Refusal>
    ): IdempotencyRecord | null =>
      call.command_id !== null && machine.keepsRecord(call.command) && Result.isSuccess(reply)
        ? { sender_id: call.sender_id, command_id: call.command_id, outcome: encode(reply.success) }
        : null

    /** A repeat of a command that once succeeded may be refused by the state it itself made. */
    const find = Effect.fnUntraced(
      function*(call: Call<Command>, state: State): Effect.fn.Return<Outcome | null, Unavailable> {
        if (!machine.keepsRecord(call.command)) return yield* machine.findPreviousReply(call.command, state)
        if (call.command_id === null) return null
        const stored = yield* journal.outcomeOf(machine.id, call.sender_id, call.command_id)
        return stored === null ? null : decode(stored)
      }
    )

    return { recent, recordOf, find, decode }
  }
)
