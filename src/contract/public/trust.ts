// Trust between strangers: not to meet somebody again, and to report them. Both people of a chat may; the
// other one is named by the chat, and is not told.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { reportReasons } from "../../domain/trust.ts"
import { CallError } from "../errors.ts"
import { ClientId, Id, Instant, shortText, storable } from "../fields.ts"

/** Whom a customer means of the mitras of one chat; the present one unless given. Mitras leave it out. */
const OfThisChat = { session_id: Id, mitra_id: Schema.optionalKey(Id) }

export const BlockView = Schema.Struct({
  block_id: Id,
  name: Schema.String,
  session_id: Id,
  at: Instant
})

export const TrustRpcs = RpcGroup.make(
  Rpc.make("trust.block", {
    payload: OfThisChat,
    success: Schema.Struct({ block_id: Id }),
    error: CallError
  }),
  Rpc.make("trust.unblock", {
    payload: { block_id: Id },
    success: Schema.Struct({ unblocked: Schema.Boolean }),
    error: CallError
  }),
  Rpc.make("trust.blocks", {
    payload: {},
    success: Schema.Struct({ blocks: Schema.Array(BlockView) }),
    error: CallError
  }),
  Rpc.make("trust.report", {
    payload: {
      command_id: ClientId,
      ...OfThisChat,
      reason: Schema.Literals(reportReasons),
      words: Schema.Union([Schema.Literal(""), shortText(1000)]).check(storable),
      also_block: Schema.Boolean
    },
    success: Schema.Struct({ case_id: Id, block_id: Schema.NullOr(Id) }),
    error: CallError
  })
)
