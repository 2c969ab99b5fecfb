// The one list of ports: what a platform must supply, and what the server makes of that. A platform that
// lacks one does not compile.
import type { Accounts } from "./accounts/accounts.ts"
import type { SignIns } from "./accounts/sign-ins.ts"
import type { CodeSender } from "./accounts/code-sender.ts"
import type { Mitras } from "./accounts/mitras.ts"
import type { StaffProofs } from "./accounts/staff-proofs.ts"
import type { Staff } from "./accounts/staff.ts"
import type { Availability } from "./availability/availability.ts"
import type { Presence } from "./availability/presence.ts"
import type { Bus } from "./bus/bus.ts"
import type { Journal } from "./journal/journal.ts"
import type { Oversight } from "./oversight/oversight.ts"
import type { Checkout } from "./payments/checkout.ts"
import type { Payments } from "./payments/payments.ts"
import type { Pricing } from "./payments/pricing.ts"
import type { PersonalData } from "./personal-data/personal-data.ts"
import type { PushOutbox } from "./push/push-outbox.ts"
import type { Push } from "./push/push.ts"
import type { SessionOversight } from "./sessions/session-oversight.ts"
import type { SessionViews } from "./sessions/session-views.ts"
import type { Sessions } from "./sessions/sessions.ts"
import type { Settings } from "./settings/settings.ts"
import type { Trust } from "./trust/trust.ts"

/** Ports whose adapters need only the database. */
export type StorePorts =
  | Accounts
  | SignIns
  | Journal
  | Mitras
  | Oversight
  | Payments
  | PersonalData
  | Pricing
  | PushOutbox
  | SessionOversight
  | SessionViews
  | Sessions
  | Settings
  | Staff
  | StaffProofs
  | Trust

/** Services of providers: payments, sign-in codes, pushes. */
export type ProviderPorts = Checkout | CodeSender | Push

/** All that actors and handlers call. */
export type Ports = StorePorts | ProviderPorts | Availability | Bus | Presence
