// Everything the internal listener offers.
import { AdminAccountRpcs } from "./accounts.ts"
import { AdminRpcs } from "../admin.ts"
import { AdminPushRpcs } from "./pushes.ts"

export const AdminApi = AdminRpcs.merge(AdminAccountRpcs).merge(AdminPushRpcs)
