// A colleague by their email, where the reader may see the staff list; else by the end of their id.
import { useSyncExternalStore } from "react"
import { call, mayDo, standing } from "../connection/sign-in.ts"
import { makeStore } from "../connection/store.ts"

const emails = makeStore<ReadonlyMap<string, string>>(new Map())
let isAsked = false

const ask = (): void => {
  const { me } = standing.get()
  if (isAsked || !mayDo(me, "read", "staff")) return
  isAsked = true
  call("admin.staff_list", {}).then(
    ({ staff }) => emails.set(new Map(staff.map((one) => [one.staff_id, one.email]))),
    () => {
      isAsked = false
    }
  )
}

export const StaffName = ({ id }: { id: string | null }) => {
  ask()
  const known = useSyncExternalStore(emails.subscribe, emails.get)
  if (id === null) return <span>–</span>
  const { me } = standing.get()
  return <span title={id}>{me?.staff_id === id ? me.email : known.get(id) ?? id.slice(-8)}</span>
}
