// The control center's calls about the processes that make up the service: who is registered, how the one
// that answers is doing, and sending it home.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { CallError } from "../errors.ts"
import { Instant, shortText } from "../fields.ts"

/** The runner that answered the call. */
export const AnsweringRunnerView = Schema.Struct({
  /** host:port, where the other runners reach it. */
  address: Schema.String,
  started_at: Instant,
  is_draining: Schema.Boolean,
  /** Open sockets of phones; calls of staff do not count. */
  public_connections: Schema.Int
})

export const RunnersView = Schema.Struct({
  answering: AnsweringRunnerView,
  runners: Schema.Array(Schema.Struct({
    address: Schema.String,
    is_healthy: Schema.Boolean,
    is_answering: Schema.Boolean
  }))
})

export const AdminRunnerRpcs = RpcGroup.make(
  Rpc.make("admin.runners", { payload: {}, success: RunnersView, error: CallError }),
  // Without a command id: ordered again, by any staff member, it is the same drain.
  Rpc.make("admin.drain_runner", {
    payload: { address: shortText(300) },
    success: AnsweringRunnerView,
    error: CallError
  })
)
