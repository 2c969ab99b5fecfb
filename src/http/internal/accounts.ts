// Handlers of the account calls: staff and roles, mitra accounts, test numbers. What is decided here is only
// what a staff member may not do to themselves; the rest is the ports'.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { AdminAccountRpcs, type StaffView } from "../../contract/staff/accounts.ts"
import { instantOrNull } from "../../contract/fields.ts"
import { type Profile, profileOf } from "../../domain/matching.ts"
import { isPhone, maskedPhone } from "../../domain/phone.ts"
import { refuse } from "../../domain/refusal.ts"
import { isName } from "../../domain/text.ts"
import { permissionsOf, type Role, roles } from "../../domain/staff.ts"
import { Accounts, type MitraAccount } from "../../services/accounts/accounts.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Staff, type StaffChange, type StaffSummary } from "../../services/accounts/staff.ts"
import { SignIns, testNumbersMax } from "../../services/accounts/sign-ins.ts"
import { Bus, revoked } from "../../services/bus/bus.ts"
import { Passwords } from "../../services/accounts/passwords.ts"
import { answering } from "../public/handlers/answering.ts"
import { entryOf, newId } from "./change-entry.ts"
import { currentStaff } from "./staff/current-staff.ts"

const staffView = (staff: StaffSummary): typeof StaffView.Type => ({
  staff_id: staff.id,
  email: staff.email,
  // The database knows no other role.
  role: staff.role as Role,
  is_active: staff.is_active,
  locked_until: instantOrNull(staff.locked_until)
})

const createStaff = Effect.fnUntraced(
  function*(payload: { readonly email: string; readonly password: string; readonly role: Role }) {
    const id = yield* newId
    const email = payload.email.trim()
    const password_hash = yield* (yield* Passwords).hash(payload.password)
    const entry = yield* entryOf("staff.create", "staff", id)
    const staff = { id, email, password_hash, role: payload.role }
    if (!(yield* (yield* Staff).createStaff(staff, entry.at, entry))) {
      return yield* refuse("EMAIL_TAKEN", "Somebody on the staff has this email already.", { email })
    }
    return staffView({ id, email, role: payload.role, is_active: true, locked_until: null })
  }
)

/** Ends every sign-in and socket. The account is inactive already: the gate refuses what comes meanwhile. */
const signOutStaff = Effect.fnUntraced(function*(staffId: string) {
  yield* (yield* SignIns).revokeAllOf("staff", staffId, "deactivated", yield* Clock.currentTimeMillis)
  yield* (yield* Bus).publish([revoked(`staff:${staffId}`)])
})

const changeStaff = Effect.fnUntraced(function*(staffId: string, change: StaffChange, action: string) {
  const me = yield* currentStaff
  // Staff cannot lock themselves out by a slip; a colleague can do it.
  if (me.staff_id === staffId) {
    return yield* refuse("FORBIDDEN", "Ask a colleague to change your own account.")
  }
  const entry = yield* entryOf(action, "staff", staffId)
  const changed = yield* (yield* Staff).changeStaff(staffId, change, entry)
  switch (changed._tag) {
    case "Unknown":
      return yield* refuse("ACCOUNT_NOT_FOUND", "There is no such staff account.", { staff_id: staffId })
    case "LastAdmin":
      return yield* refuse("LAST_ADMIN", "Somebody must stay who may let others in.", { staff_id: staffId })
    case "Done":
      if (!changed.staff.is_active) yield* signOutStaff(staffId)
      return staffView(changed.staff)
  }
})

const mitraView = ({ display_name, id, is_active, phone }: MitraAccount) => ({
  mitra_id: id,
  display_name,
  phone,
  is_active
})

const checkPhone = (phone: string) =>
  isPhone(phone)
    ? Effect.void
    : refuse("PHONE_INVALID", "A phone number looks like +628123456789.", { given: phone })

const badName = refuse(
  "BAD_REQUEST",
  "A name needs a character that can be seen, and has no line ends, control or direction characters."
)

const named = Effect.fnUntraced(function*(given: string) {
  const name = given.trim()
  return isName(name) ? name : yield* badName
})

const createMitra = Effect.fnUntraced(
  function*(payload: { readonly display_name: string; readonly phone: string }) {
    const { phone } = payload
    yield* checkPhone(phone)
    const mitra = {
      id: yield* newId,
      display_name: yield* named(payload.display_name),
      phone,
      is_active: true
    }
    const entry = yield* entryOf("mitra.create", "mitra", mitra.id)
    if (!(yield* (yield* Accounts).createMitra(mitra, entry.at, entry))) {
      const owner = yield* (yield* Accounts).findMitraByPhone(phone)
      return yield* refuse("PHONE_TAKEN", "A bestie with this phone exists.", { mitra_id: owner?.id ?? null })
    }
    return mitraView(mitra)
  }
)

const renameMitra = Effect.fnUntraced(function*({ display_name, mitra_id, seen }: {
  readonly mitra_id: string
  readonly display_name: string
  readonly seen?: string
}) {
  const entry = yield* entryOf("mitra.rename", "mitra", mitra_id)
  const renamed = yield* (yield* Accounts).renameMitra(mitra_id, yield* named(display_name), entry, seen)
  switch (renamed._tag) {
    case "Unknown":
      return yield* refuse("ACCOUNT_NOT_FOUND", "There is no such bestie.", { mitra_id })
    case "Stale":
      return yield* refuse("STALE_WRITE", "A colleague has renamed her meanwhile.", {
        mitra_id,
        given: seen ?? null,
        display_name: renamed.mitra.display_name
      })
    case "Done":
      return mitraView(renamed.mitra)
  }
})

const setProfile = Effect.fnUntraced(function*(mitra_id: string, given: Profile) {
  const profile = profileOf(given)
  const entry = yield* entryOf("mitra.profile", "mitra", mitra_id)
  if (!(yield* (yield* Accounts).setProfile(mitra_id, profile, entry))) {
    return yield* refuse("ACCOUNT_NOT_FOUND", "There is no such bestie.", { mitra_id })
  }
  yield* (yield* Availability).changed([mitra_id])
  return { mitra_id, ...profile }
})

const putTestNumber = Effect.fnUntraced(function*(number: { readonly phone: string; readonly code: string }) {
  yield* checkPhone(number.phone)
  const entry = yield* entryOf("test_number.put", "test_number", maskedPhone(number.phone))
  if (yield* (yield* SignIns).putTestNumber(number, entry)) return { phone: number.phone, code: number.code }
  return yield* refuse("TOO_MANY_TEST_NUMBERS", "Remove one first.", { maximum: testNumbersMax })
})

const removeTestNumber = Effect.fnUntraced(function*(phone: string) {
  const entry = yield* entryOf("test_number.remove", "test_number", maskedPhone(phone))
  return { removed: yield* (yield* SignIns).removeTestNumber(phone, entry) }
})

/** `testNumbersCount`: false while a provider sends the codes. */
export const layer = (options: { readonly testNumbersCount: boolean }) =>
  AdminAccountRpcs.toLayer({
    "admin.roles": () =>
      Effect.succeed({ roles: roles.map((role) => ({ role, permissions: permissionsOf(role) })) }),
    "admin.staff_list": () =>
      answering(
        Effect.flatMap(Staff, (port) => port.listStaff).pipe(
          Effect.map((staff) => ({ staff: staff.map(staffView) }))
        )
      ),
    "admin.staff_create": (payload) => answering(createStaff(payload)),
    "admin.staff_set_role": ({ role, staff_id }) =>
      answering(changeStaff(staff_id, { role }, "staff.set_role")),
    "admin.staff_set_active": ({ is_active, staff_id }) =>
      answering(changeStaff(staff_id, { is_active }, "staff.set_active")),
    "admin.mitra_create": (payload) => answering(createMitra(payload)),
    "admin.mitra_rename": (payload) => answering(renameMitra(payload)),
    "admin.mitra_profile": ({ mitra_id, ...profile }) => answering(setProfile(mitra_id, profile)),
    "admin.test_numbers": () =>
      answering(
        Effect.flatMap(SignIns, (port) => port.testNumbers).pipe(
          Effect.map((test_numbers) => ({ is_effective: options.testNumbersCount, test_numbers }))
        )
      ),
    "admin.test_number_put": (payload) => answering(putTestNumber(payload)),
    "admin.test_number_remove": ({ phone }) => answering(removeTestNumber(phone))
  })
