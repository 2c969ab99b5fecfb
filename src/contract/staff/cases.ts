// The control center's calls about reports and leaving: the cases, one case with its evidence, what staff
// make of it, and the end of a pause. Reading a case is audited like changing it.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { sides } from "../../domain/session/state.ts"
import { resolutions } from "../../domain/trust.ts"
import { CallError } from "../errors.ts"
import { ClientId, Id, Instant, PageLimit, shortText } from "../fields.ts"

const Side = Schema.Literals(sides)

export const CaseLineView = Schema.Struct({
  case_id: Id,
  session_id: Id,
  customer_id: Id,
  customer_name: Schema.String,
  mitra_id: Id,
  mitra_name: Schema.String,
  /** Who reported; it is about the other one. */
  by_side: Side,
  reason: Schema.String,
  created_at: Instant,
  resolved_at: Schema.NullOr(Instant),
  resolved_by: Schema.NullOr(Id),
  resolution: Schema.NullOr(Schema.Literals(resolutions)),
  is_paused: Schema.Boolean
})

export const CaseView = Schema.Struct({
  ...CaseLineView.fields,
  words: Schema.String,
  evidence: Schema.Array(Schema.Struct({
    seq: Schema.Int,
    side: Side,
    body: Schema.String,
    sent_at: Instant
  }))
})

export const AdminCaseRpcs = RpcGroup.make(
  Rpc.make("admin.cases", {
    payload: { open: Schema.Boolean, before: Schema.NullOr(Id), limit: PageLimit },
    success: Schema.Struct({ cases: Schema.Array(CaseLineView), next: Schema.NullOr(Id) }),
    error: CallError
  }),
  Rpc.make("admin.case", { payload: { case_id: Id }, success: CaseView, error: CallError }),
  /** `paused` pauses the reported one until `admin.pause_lift`. */
  Rpc.make("admin.case_resolve", {
    payload: { case_id: Id, resolution: Schema.Literals(resolutions), note: shortText(500) },
    success: Schema.Struct({ resolved: Schema.Literals([true]) }),
    error: CallError
  }),
  Rpc.make("admin.pause_lift", {
    payload: { user_type: Side, user_id: Id },
    success: Schema.Struct({ lifted: Schema.Boolean }),
    error: CallError
  }),
  /** A bestie who leaves: deactivated, and without name and phone from then on. */
  Rpc.make("admin.mitra_delete", {
    payload: { command_id: ClientId, mitra_id: Id },
    success: Schema.Struct({ deleted: Schema.Literals([true]) }),
    error: CallError
  })
)
