// The control center's calls about accounts: staff and their roles, mitra accounts, and test numbers. Every
// write is audited in the transaction of the change.
import * as Schema from "effect/Schema"
import { Rpc, RpcGroup } from "effect/rpc"
import { Language, languages } from "../../domain/matching.ts"
import { Topic, topics } from "../../domain/session/state.ts"
import { roles } from "../../domain/staff.ts"
import { CallError } from "../errors.ts"
import { Id, Instant, shortText } from "../fields.ts"
import { NewPassword } from "./own-account.ts"

const Role = Schema.Literals(roles)
const Email = Schema.String.check(Schema.isMaxLength(200), Schema.isPattern(/^[^@\s\p{C}]+@[^@\s\p{C}]+$/u))
/** As many as the database keeps. */
const DisplayName = shortText(40)

const some = <S extends Schema.Top>(item: S, maximum: number) =>
  Schema.Array(item).check(Schema.isMinLength(1), Schema.isMaxLength(maximum))

export const ProfileView = Schema.Struct({
  languages: some(Language, languages.length),
  topics: some(Topic, topics.length)
})

export const StaffView = Schema.Struct({
  staff_id: Id,
  email: Schema.String,
  role: Role,
  is_active: Schema.Boolean,
  locked_until: Schema.NullOr(Instant)
})

export const TestNumberView = Schema.Struct({ phone: Schema.String, code: Schema.String })

const MitraAccountView = Schema.Struct({
  mitra_id: Id,
  display_name: Schema.String,
  phone: Schema.String,
  is_active: Schema.Boolean
})

const PermissionView = Schema.Struct({ resource: Schema.String, action: Schema.String })

export const AdminAccountRpcs = RpcGroup.make(
  Rpc.make("admin.roles", {
    payload: {},
    success: Schema.Struct({
      roles: Schema.Array(Schema.Struct({ role: Role, permissions: Schema.Array(PermissionView) }))
    }),
    error: CallError
  }),
  Rpc.make("admin.staff_list", {
    payload: {},
    success: Schema.Struct({ staff: Schema.Array(StaffView) }),
    error: CallError
  }),
  Rpc.make("admin.staff_create", {
    payload: { email: Email, password: NewPassword, role: Role },
    success: StaffView,
    error: CallError
  }),
  Rpc.make("admin.staff_set_role", {
    payload: { staff_id: Id, role: Role },
    success: StaffView,
    error: CallError
  }),
  Rpc.make("admin.staff_set_active", {
    payload: { staff_id: Id, is_active: Schema.Boolean },
    success: StaffView,
    error: CallError
  }),
  Rpc.make("admin.mitra_create", {
    payload: { display_name: DisplayName, phone: shortText(20) },
    success: MitraAccountView,
    error: CallError
  }),
  Rpc.make("admin.mitra_rename", {
    /** `seen`: the name it was changed from; while she has another one, it is STALE_WRITE. */
    payload: { mitra_id: Id, display_name: DisplayName, seen: Schema.optionalKey(DisplayName) },
    success: MitraAccountView,
    error: CallError
  }),
  /** What she may be asked for: offers made before stay. */
  Rpc.make("admin.mitra_profile", {
    payload: { mitra_id: Id, ...ProfileView.fields },
    success: Schema.Struct({ mitra_id: Id, ...ProfileView.fields }),
    error: CallError
  }),
  Rpc.make("admin.test_numbers", {
    payload: {},
    success: Schema.Struct({
      /** False while codes go through the provider: then the numbers below have no effect. */
      is_effective: Schema.Boolean,
      test_numbers: Schema.Array(TestNumberView)
    }),
    error: CallError
  }),
  Rpc.make("admin.test_number_put", {
    payload: { phone: shortText(20), code: Schema.String.check(Schema.isPattern(/^[0-9]{6}$/)) },
    success: TestNumberView,
    error: CallError
  }),
  Rpc.make("admin.test_number_remove", {
    payload: { phone: shortText(20) },
    success: Schema.Struct({ removed: Schema.Boolean }),
    error: CallError
  })
)
