// The desk of the control center's tests: account and push calls behind their gate, on memory adapters, and
// staff who sit there. Fake is only the connection, which takes any identity it is given.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import { type Rpc, type RpcGroup, RpcTest } from "effect/rpc"
import { AdminAccountRpcs } from "../../../src/contract/staff/accounts.ts"
import { AdminPushRpcs } from "../../../src/contract/staff/pushes.ts"
import type { CallError } from "../../../src/contract/errors.ts"
import type { Role } from "../../../src/domain/staff.ts"
import * as AccountHandlers from "../../../src/http/internal/accounts.ts"
import * as Permissions from "../../../src/http/internal/permissions.ts"
import * as PushHandlers from "../../../src/http/internal/pushes.ts"
import { Connection } from "../../../src/http/socket/connection.ts"
import * as AvailabilityMemory from "../../../testkit/memory/availability.memory.ts"
import * as BusMemory from "../../../testkit/memory/bus.memory.ts"
import * as StoresMemory from "../../../testkit/memory/stores.memory.ts"
import * as Tables from "../../../testkit/memory/store/tables.ts"
import * as PushMemory from "../../../testkit/memory/push.memory.ts"
import { StaffProofs } from "../../../src/services/accounts/staff-proofs.ts"
import { Staff } from "../../../src/services/accounts/staff.ts"
import { Passwords } from "../../../src/services/accounts/passwords.ts"
import { idOf, t0 } from "../../../testkit/conformance/given.ts"

/** Fake: hashing that costs nothing. */
const passwords = Layer.succeed(Passwords)({
  hash: (password) => Effect.succeed(`hash of ${password}`),
  verify: (password, hash) => Effect.succeed(hash === `hash of ${password}`)
})

export const adapters = Layer.mergeAll(
  AvailabilityMemory.layer,
  StoresMemory.layer,
  BusMemory.layer,
  PushMemory.layer,
  passwords
).pipe(Layer.provideMerge(Layer.merge(Tables.layer, SecureRandom.layerWebCrypto)))

export const gated = AdminAccountRpcs.merge(AdminPushRpcs).middleware(Permissions.PermissionGate)

const seats = Layer.mergeAll(
  AccountHandlers.layer({ testNumbersCount: true }),
  PushHandlers.layer,
  Permissions.layer
)

export const desk = Layer.provideMerge(seats, adapters)

/** The same desk, where every change of staff comes second to another one. */
export const outrunDesk = seats.pipe(
  Layer.provideMerge(
    Layer.effect(Staff)(
      Effect.map(
        Staff,
        (port) => Staff.of({ ...port, changeStaff: () => Effect.succeed({ _tag: "LastAdmin" }) })
      )
    )
  ),
  Layer.provideMerge(adapters)
)

const authSessionId = idOf(0xf1)

/** A connection; null: without an identity. */
export const connectionOf = (staffId: string | null) =>
  Connection.of({
    id: "desk",
    remote_address: "127.0.0.1",
    principal: Effect.succeed(
      staffId === null
        ? null
        : { user_type: "staff", user_id: staffId, auth_session_id: authSessionId, expires_at: t0 * 2 }
    ),
    authenticate: () => Effect.void,
    close: () => Effect.void
  })

/** Calls of this group as this member of staff, or without an identity. */
export const seatAt = <Rpcs extends Rpc.Any>(group: RpcGroup.RpcGroup<Rpcs>) => (staffId: string | null) =>
  Effect.map(RpcTest.makeClient(group, { flatten: true, disableFatalDefects: true }), (client) => {
    const asked = client as unknown as (tag: string, payload: unknown) => Effect.Effect<unknown, CallError>
    // The contract's shapes are checked by the codec; these tests look at single fields.
    // oxlint-disable-next-line typescript/no-explicit-any
    return (tag: string, payload: object = {}): Effect.Effect<any, CallError> =>
      Effect.provideService(asked(tag, payload), Connection, connectionOf(staffId))
  })

/** A colleague with this role, and their seat. */
export const colleagueOf = <Rpcs extends Rpc.Any>(group: RpcGroup.RpcGroup<Rpcs>) =>
  Effect.fnUntraced(function*(n: number, role: Role) {
    const id = idOf(0xa0 + n)
    const staff = { id, email: `staff${n}@halobestie.local`, password_hash: "hash", role }
    yield* (yield* Staff).createStaff(staff, t0)
    yield* (yield* StaffProofs).prove(authSessionId, t0 * 2)
    return { id, call: yield* seatAt(group)(id) }
  })

export const seat = seatAt(gated)
export const colleague = colleagueOf(gated)
