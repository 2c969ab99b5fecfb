// The control center's calls about pushes: what waits, what died, what it cost, and sending dead letters
// again. Pausing the worker is a setting (push_paused).
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { pushKinds } from "../../domain/push.ts"
import { CallError } from "../errors.ts"
import { ClientId, Id, Instant, PageLimit } from "../fields.ts"

const Kind = Schema.Literals(pushKinds)

export const PushOutboxView = Schema.Struct({
  provider: Schema.Literals(["firebase", "log", "memory", "none"]),
  paused: Schema.Boolean,
  /** The provider asked for patience, or keeps failing: nothing is sent before then. */
  hold: Schema.NullOr(Schema.Struct({
    until: Instant,
    reason: Schema.Literals(["rate_limited", "provider_failing"])
  })),
  open: Schema.Array(Schema.Struct({ kind: Kind, count: Schema.Int, oldest_age_ms: Schema.Int })),
  dead_letters: Schema.Int
})

export const DeadLetterView = Schema.Struct({
  push_id: Id,
  kind: Kind,
  user_type: Schema.Literals(["customer", "mitra"]),
  user_id: Id,
  /** Null: it is about a sign-in. */
  session_id: Schema.NullOr(Id),
  attempts: Schema.Int,
  /** The provider's word for why. */
  code: Schema.String,
  created_at: Instant,
  expires_at: Instant,
  died_at: Instant
})

export const AdminPushRpcs = RpcGroup.make(
  Rpc.make("admin.push_outbox", { payload: {}, success: PushOutboxView, error: CallError }),
  Rpc.make("admin.push_dead_letters", {
    payload: { before: Schema.NullOr(Id), limit: PageLimit },
    success: Schema.Struct({ dead_letters: Schema.Array(DeadLetterView) }),
    error: CallError
  }),
  Rpc.make("admin.push_replay", {
    /** Null: all of them, a bounded number per call. */
    payload: { command_id: ClientId, push_id: Schema.NullOr(Id) },
    success: Schema.Struct({ replayed: Schema.Int, over: Schema.Int, left: Schema.Int }),
    error: CallError
  }),
  Rpc.make("admin.push_costs", {
    payload: { days: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 92 })) },
    success: Schema.Struct({
      costs: Schema.Array(Schema.Struct({
        day: Schema.String,
        kind: Kind,
        sent: Schema.Int,
        failed: Schema.Int
      }))
    }),
    error: CallError
  })
)
