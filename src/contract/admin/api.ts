// Everything the internal listener offers.
import { AdminAccountRpcs } from "./accounts.ts"
import { AdminPaymentRpcs } from "./payments.ts"
import { AdminRpcs } from "../admin.ts"

export const AdminApi = AdminRpcs.merge(AdminAccountRpcs, AdminPaymentRpcs)
