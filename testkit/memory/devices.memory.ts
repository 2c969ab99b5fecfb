// Devices, part of Accounts, in memory: push tokens as rows of the shared in-memory store.
import * as Effect from "effect/Effect"
import { signInPushLifeMs } from "../../src/domain/push.ts"
import type { Accounts, Device, DeviceOwner } from "../../src/services/accounts/accounts.ts"
import type { Tables } from "./store/tables.ts"

const isLive = (tables: Tables, device: Device): boolean => {
  const family = tables.auth_sessions.where("family", device.auth_session_id)
  return family.length > 0 && family.every((row) => row.revoked_at === null)
}

/** Another sign-in took its place, in this time. */
const isReplaced = (tables: Tables, device: Device, isIn: (revoked_at: number) => boolean): boolean =>
  tables.auth_sessions.where("family", device.auth_session_id).some((row) =>
    row.revoked_reason === "replaced" && row.revoked_at !== null && isIn(row.revoked_at)
  )

const newestFirst = (tables: Tables, owner: DeviceOwner): ReadonlyArray<Device> =>
  tables.devices.where("person", `${owner.user_type}:${owner.user_id}`)
    .toSorted((a, b) => b.registered_at - a.registered_at || (a.token < b.token ? -1 : 1))

const register = (tables: Tables, device: Device, devicesMax: number): DeviceOwner | null => {
  const before = tables.devices.get(device.token)
  tables.devices.set(device.token, device)
  const others = newestFirst(tables, device).filter((row) => row.token !== device.token)
  const isNew = (revoked_at: number): boolean => revoked_at > device.registered_at - signInPushLifeMs
  const isKept = (row: Device): boolean => isLive(tables, row) || isReplaced(tables, row, isNew)
  for (const row of others.filter((row) => !isKept(row))) tables.devices.delete(row.token)
  for (const row of others.filter(isKept).slice(devicesMax - 1)) {
    tables.devices.delete(row.token)
  }
  if (before === undefined || !isLive(tables, before)) return null
  const { user_id, user_type } = before
  return user_type === device.user_type && user_id === device.user_id ? null : { user_type, user_id }
}

const drop = (tables: Tables, owner: DeviceOwner, token: string): void => {
  const row = tables.devices.get(token)
  if (row?.user_type === owner.user_type && row.user_id === owner.user_id) tables.devices.delete(token)
}

export const devices = (tables: Tables): Pick<
  Accounts["Service"],
  "registerDevice" | "dropDevice" | "dropInvalidDevice" | "devicesOf" | "devicesBeside"
> => ({
  registerDevice: (device, devicesMax) => Effect.sync(() => register(tables, device, devicesMax)),
  dropDevice: (owner, token) => Effect.sync(() => drop(tables, owner, token)),
  dropInvalidDevice: (token) => Effect.sync(() => void tables.devices.delete(token)),
  devicesOf: (owner) => Effect.sync(() => newestFirst(tables, owner).filter((row) => isLive(tables, row))),
  devicesBeside: (owner, familyId) =>
    Effect.sync(() => {
      const opened_at = tables.auth_sessions.get(familyId)?.created_at
      return newestFirst(tables, owner).filter((row) =>
        row.auth_session_id !== familyId &&
        (isLive(tables, row) || isReplaced(tables, row, (revoked_at) => revoked_at === opened_at))
      )
    })
})
