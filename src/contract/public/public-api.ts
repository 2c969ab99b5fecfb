// Everything the public listener offers, and nothing of the internal one.
import { AccountRpcs } from "./account.ts"
import { AuthRpcs } from "./auth.ts"
import { ChatRpcs } from "./chat.ts"
import { CustomerRpcs } from "./customer.ts"
import { DeviceRpcs } from "./devices.ts"
import { EventRpcs } from "./events.ts"
import { MitraRpcs } from "./mitra.ts"
import { TrustRpcs } from "./trust.ts"

export const PublicApi = AuthRpcs.merge(
  AccountRpcs,
  CustomerRpcs,
  MitraRpcs,
  ChatRpcs,
  DeviceRpcs,
  EventRpcs,
  TrustRpcs
)
