// How callers reach a mitra's actor: one call, "run this command", wherever it lives.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ClusterSchema, Entity } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { MitraCommand, MitraReply } from "../../domain/mitra.ts"
import { Refusal } from "../../domain/refusal.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { callFields } from "../turn-call.ts"

export const MitraCall = Schema.Struct({ ...callFields, command: MitraCommand })
export type MitraCall = typeof MitraCall.Type

export const Mitra = Entity.make("Mitra", [
  Rpc.make("Run", {
    payload: MitraCall,
    success: MitraReply,
    error: Schema.Union([Refusal, Unavailable])
  })
]).annotate(ClusterSchema.ClientTracingEnabled, false)

/** The client of mitra actors; the same promises as SessionActors. */
export class MitraActors extends Context.Service<MitraActors, {
  readonly run: (
    mitraId: string,
    call: MitraCall
  ) => Effect.Effect<MitraReply, Refusal | Unavailable>
}>()("halobestie/actors/MitraActors") {}
