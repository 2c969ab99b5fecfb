// The control center's calls about chats that need staff's eye: giving one to another mitra, the proposals to
// do so, stuck sessions, past ones, and how a mitra answers.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { Language } from "../../domain/matching.ts"
import { absenceCauses, sessionStatuses } from "../../domain/session/state.ts"
import { SessionInspection } from "./staff-views.ts"
import { CallError } from "../errors.ts"
import { ClientId, Id, Instant, PageLimit, shortText } from "../fields.ts"
import { SessionView } from "../views.ts"

const Nullable = Schema.NullOr
const Cursor = shortText(80)
const proposalStatus = Schema.Literals(["open", "accepted", "dismissed", "resolved"])

export const ProposalView = Schema.Struct({
  proposal_id: Id,
  session_id: Id,
  session_status: Schema.Literals(sessionStatuses),
  customer_name: Schema.String,
  mitra_id: Id,
  mitra_name: Schema.String,
  cause: Schema.Literals(absenceCauses),
  since: Instant,
  status: proposalStatus,
  created_at: Instant,
  decided_at: Nullable(Instant),
  decided_by: Nullable(Id),
  resolution: Nullable(Schema.String)
})

export const ActivityView = Schema.Struct({
  mitra_id: Id,
  since: Instant,
  until: Instant,
  offers: Schema.Int,
  accepted: Schema.Int,
  declined: Schema.Int,
  missed: Schema.Int,
  run_out: Schema.Int,
  called_off: Schema.Int,
  open: Schema.Int,
  /** Accepted, of those that were hers to decide: accepted, declined, run out. */
  acceptance_rate: Nullable(Schema.Number),
  response_ms_mean: Nullable(Schema.Number),
  response_ms_median: Nullable(Schema.Number),
  chats: Schema.Int,
  chats_taken_over: Schema.Int,
  chats_handed_over: Schema.Int
})

export const AdminSessionRpcs = RpcGroup.make(
  /** `from_mitra_id` is whose chat it is as far as staff know: when that has changed, nothing happens. */
  Rpc.make("admin.reroute", {
    payload: {
      command_id: ClientId,
      session_id: Id,
      from_mitra_id: Id,
      mitra_id: Id,
      reason: shortText(200)
    },
    success: SessionInspection,
    error: CallError
  }),
  /** Online mitras with room, in the order in which requests would be offered to them. */
  Rpc.make("admin.session_candidates", {
    payload: { session_id: Id, limit: PageLimit },
    success: Schema.Struct({
      candidates: Schema.Array(
        Schema.Struct({
          mitra_id: Id,
          mitra_name: Schema.String,
          sessions: Schema.Int,
          languages: Schema.Array(Language),
          free_slots: Schema.Int
        })
      )
    }),
    error: CallError
  }),
  Rpc.make("admin.session_proposals", {
    payload: { status: Nullable(proposalStatus), before: Nullable(Id), limit: PageLimit },
    success: Schema.Struct({ proposals: Schema.Array(ProposalView), next: Nullable(Id) }),
    error: CallError
  }),
  Rpc.make("admin.dismiss_proposal", {
    payload: { proposal_id: Id, reason: shortText(200) },
    success: ProposalView,
    error: CallError
  }),
  /** Sessions whose deadline passed this long ago without effect. */
  Rpc.make("admin.stuck_sessions", {
    payload: {
      overdue_seconds: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 86_400 })),
      limit: PageLimit
    },
    success: Schema.Struct({
      sessions: Schema.Array(Schema.Struct({
        session_id: Id,
        status: Schema.Literals(sessionStatuses),
        customer_id: Id,
        mitra_id: Nullable(Id),
        deadline_at: Instant,
        overdue_ms: Schema.Int,
        owner_runner: Nullable(Schema.String),
        owner_epoch: Schema.Int
      }))
    }),
    error: CallError
  }),
  /** Of one customer, of one mitra, or of all when both are null. */
  Rpc.make("admin.past_sessions", {
    payload: {
      customer_id: Nullable(Id),
      mitra_id: Nullable(Id),
      before: Nullable(Cursor),
      after: Nullable(Cursor),
      limit: PageLimit
    },
    success: Schema.Struct({
      sessions: Schema.Array(SessionView),
      next: Nullable(Schema.String),
      newest: Nullable(Schema.String)
    }),
    error: CallError
  }),
  /** Of the last so many days, up to now. */
  Rpc.make("admin.mitra_activity", {
    payload: { mitra_id: Id, days: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 366 })) },
    success: ActivityView,
    error: CallError
  })
)
