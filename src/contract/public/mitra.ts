// What a mitra may ask: to be online, to stay so, and to answer requests.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { CallError } from "../errors.ts"
import { ClientId, Id, Instant, PageLimit, Seq } from "../fields.ts"
import { OfferView, SessionView } from "../views.ts"

export const MitraStatusView = Schema.Struct({
  is_online: Schema.Boolean,
  server_now: Instant,
  /** Send the next heartbeat within this many seconds to stay online. */
  heartbeat_every_seconds: Schema.Int
})
export type MitraStatusView = typeof MitraStatusView.Type

export const MitraRpcs = RpcGroup.make(
  Rpc.make("mitra.go_online", {
    payload: { command_id: ClientId },
    success: MitraStatusView,
    error: CallError
  }),
  Rpc.make("mitra.go_offline", {
    payload: { command_id: ClientId },
    success: MitraStatusView,
    error: CallError
  }),
  Rpc.make("mitra.heartbeat", { payload: {}, success: MitraStatusView, error: CallError }),
  Rpc.make("mitra.accept", {
    payload: { command_id: ClientId, session_id: Id },
    success: SessionView,
    error: CallError
  }),
  /** Her app shows the offer. For staff who look at a request afterwards; it changes nothing else. */
  Rpc.make("mitra.offer_seen", {
    payload: { session_id: Id },
    success: Schema.Struct({ noted: Schema.Literals([true]) }),
    error: CallError
  }),
  Rpc.make("mitra.decline", {
    payload: { command_id: ClientId, session_id: Id },
    success: OfferView,
    error: CallError
  }),
  /** `extension_seq` is the number of the request's event: a late answer never meets the next one. */
  Rpc.make("mitra.answer_extension", {
    payload: { command_id: ClientId, session_id: Id, extension_seq: Seq, approve: Schema.Boolean },
    success: SessionView,
    error: CallError
  }),
  Rpc.make("mitra.requests", {
    payload: { before: Schema.NullOr(Id), limit: PageLimit },
    success: Schema.Struct({ requests: Schema.Array(OfferView), next: Schema.NullOr(Id) }),
    error: CallError
  })
)
