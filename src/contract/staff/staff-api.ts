// Everything the internal listener offers.
import { AdminAccountRpcs } from "./accounts.ts"
import { AdminCaseRpcs } from "./cases.ts"
import { AdminConsoleRpcs } from "./console.ts"
import { AdminOwnAccountRpcs } from "./own-account.ts"
import { AdminPaymentRpcs } from "./payments.ts"
import { AdminPushRpcs } from "./pushes.ts"
import { AdminRunnerRpcs } from "./runners.ts"
import { AdminSessionRpcs } from "./sessions.ts"
import { AdminRpcs } from "./staff-views.ts"
import { TimeRpcs } from "../testing/clock.ts"

export const AdminApi = AdminRpcs.merge(
  AdminAccountRpcs,
  AdminCaseRpcs,
  AdminConsoleRpcs,
  AdminOwnAccountRpcs,
  AdminPaymentRpcs,
  AdminPushRpcs,
  AdminRunnerRpcs,
  AdminSessionRpcs,
  TimeRpcs
)
