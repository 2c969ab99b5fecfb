// The internal listener's calls for testers: the product's clock in their hands, and troubles on demand.
// A server that was not started for it refuses them all; production never is.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { CallError } from "../errors.ts"
import { Id, Instant } from "../fields.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const dayMs = 86_400_000
const Count = Schema.Int

export const PassedView = Schema.Struct({
  from: Instant,
  now: Instant,
  /** What passed time brought about, in order. */
  fired: Schema.Array(Schema.Struct({ what: Schema.String, id: Schema.String, at: Instant })),
  fired_not_shown: Count,
  /** Passes of each sweep. */
  sweeps: Schema.Record(Schema.String, Count),
  /** Instants at which something was due. */
  steps: Count,
  /** Of real time. */
  took_ms: Count
})

export const ClockView = Schema.Struct({
  now: Instant,
  /** Seconds of the product per real second; 0 while time stands still. */
  rate: Schema.Finite,
  /** When the next deadline, sweep or retry is due. */
  next_due_at: Schema.NullOr(Instant),
  /** What the last move brought about, or the run that goes on so far: of what fired the newest. */
  passed: Schema.NullOr(PassedView)
})

/** Whether time waits, at each instant, until connected phones have taken their events. Usually yes. */
const WaitForPhones = Schema.optionalKey(Schema.Boolean)

const FaultKind = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("cut_socket"), user_id: Id }),
  Schema.Struct({ kind: Schema.Literal("lag_socket"), user_id: Id, delay_ms: between(1, 60_000) }),
  Schema.Struct({ kind: Schema.Literal("lose_valkey") }),
  Schema.Struct({ kind: Schema.Literal("slow_database"), delay_ms: between(1, 60_000) }),
  Schema.Struct({ kind: Schema.Literal("double_webhook") })
])

export const FaultView = Schema.Struct({
  fault_id: Id,
  fault: FaultKind,
  /** Both in real time. */
  began_at: Instant,
  undone_at: Instant
})

export const TimeRpcs = RpcGroup.make(
  Rpc.make("clock.now", { payload: {}, success: ClockView, error: CallError }),
  Rpc.make("clock.advance", {
    payload: { duration_ms: between(1, 400 * dayMs), wait_for_phones: WaitForPhones },
    success: PassedView,
    error: CallError
  }),
  Rpc.make("clock.set", {
    payload: { instant: Schema.String, wait_for_phones: WaitForPhones },
    success: PassedView,
    error: CallError
  }),
  Rpc.make("clock.run", {
    payload: { rate: Schema.Finite.check(Schema.isBetween({ minimum: 0.01, maximum: 10_000 })) },
    success: ClockView,
    error: CallError
  }),
  Rpc.make("clock.pause", { payload: {}, success: ClockView, error: CallError }),
  Rpc.make("faults.list", {
    payload: {},
    success: Schema.Struct({ faults: Schema.Array(FaultView) }),
    error: CallError
  }),
  Rpc.make("faults.start", {
    payload: { fault: FaultKind, undo_after_ms: between(1, 3_600_000) },
    success: FaultView,
    error: CallError
  }),
  Rpc.make("faults.undo", {
    payload: { fault_id: Schema.NullOr(Id) },
    success: Schema.Struct({ undone: Count }),
    error: CallError
  })
)
