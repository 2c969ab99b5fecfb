// Whether a call that came from another runner may do what only staff do. The wire between runners says who
// acts; the owner of the actor believes it only with the token that person signed in with, and verifies it
// anew. What a handler of this process asks has passed the gate already and takes the direct way.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { refuse, type Refusal } from "../domain/refusal.ts"
import type { StaffMitraCommand } from "../domain/mitra.ts"
import type { SessionCommand } from "../domain/session/commands.ts"
import type { Permission } from "../domain/staff.ts"
import type { Unavailable } from "../services/platform/unavailable.ts"
import type { StaffOrigin } from "./turn-call.ts"

export class StaffAuthority extends Context.Service<StaffAuthority, {
  /** Fails unless this is that member of staff's token, it counts still, and their role may do it. */
  readonly allows: (staff: StaffOrigin, needed: Permission) => Effect.Effect<void, Refusal | Unavailable>
}>()("halobestie/actors/StaffAuthority") {}

const sessions: Permission = { resource: "sessions", action: "write" }
const mitras: Permission = { resource: "mitras", action: "write" }

type StaffCommand = StaffMitraCommand | Extract<SessionCommand, { readonly staff_id: string }>

/** By command of either actor: every one that is given in the name of staff. */
const staffCommands: Readonly<Record<StaffCommand["_tag"], Permission>> = {
  Reroute: sessions,
  ForceClose: sessions,
  Activate: mitras,
  Deactivate: mitras,
  ForceOffline: mitras,
  LiftHold: mitras,
  Drain: mitras,
  UndoDrain: mitras
}
const neededFor = new Map<string, Permission>(Object.entries(staffCommands))

export interface StaffCall {
  readonly sender_id: string
  readonly staff: StaffOrigin | null
  readonly command: { readonly _tag: string; readonly staff_id?: string }
}

/** Whether who asks must be proven to the owner of the actor, when it lives on another runner. */
export const isStaffCall = ({ command, staff }: StaffCall): boolean =>
  staff !== null || neededFor.has(command._tag)

const forbidden = refuse("FORBIDDEN", "Only staff may do this, and only in their own name.")

export const makeStaffCheck = Effect.map(StaffAuthority, (authority) => {
  return (call: StaffCall): Effect.Effect<void, Refusal | Unavailable> => {
    const { command, sender_id, staff } = call
    const needed = neededFor.get(command._tag)
    if (needed === undefined) return staff === null ? Effect.void : Effect.fail(forbidden)
    if (staff === null || sender_id !== `staff:${staff.staff_id}` || command.staff_id !== staff.staff_id) {
      return Effect.fail(forbidden)
    }
    return authority.allows(staff, needed)
  }
})
