// A mutation breaks one guard of the server, without a hook inside the server: it replaces what the database
// makes of a turn, or a port as a runner gets it. Runs without a mutant break none.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { commitTurn } from "../../testkit/memory/journal.memory.ts"
import type { Script } from "../../src/layers/platform/valkey/script.ts"
import type { Tables } from "../../testkit/memory/store/tables.ts"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { Availability } from "../../src/services/availability/availability.ts"
import { Bus } from "../../src/services/bus/bus.ts"
import { Journal } from "../../src/services/journal/journal.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { Presence } from "../../src/services/availability/presence.ts"
import { SessionOversight } from "../../src/services/sessions/session-oversight.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"

/** From a sound port, and the rows behind it, the broken port. */
type Break<Port> = (port: Port, tables: Tables) => Port

export interface Mutation {
  readonly name: string
  /** Which guard is gone, in one line. */
  readonly says: string
  readonly commit?: (commit: typeof commitTurn) => typeof commitTurn
  /** On a real database: another text for a statement. */
  readonly sql?: (text: string) => string
  /** In a world with a Valkey: another text for a script. */
  readonly lua?: (script: Script) => string
  readonly signIns?: Break<SignIns["Service"]>
  readonly availability?: Break<Availability["Service"]>
  readonly bus?: Break<Bus["Service"]>
  readonly journal?: Break<Journal["Service"]>
  readonly payments?: Break<Payments["Service"]>
  readonly presence?: Break<Presence["Service"]>
  readonly sessionOversight?: Break<SessionOversight["Service"]>
  readonly sessionViews?: Break<SessionViews["Service"]>
  readonly sessions?: Break<Sessions["Service"]>
}

/** The ports that `mutation` breaks, over the sound ones. */
export const broken = (mutation: Mutation, tables: Tables) => {
  const untouched = <Port>(port: Port) => port
  return Layer.mergeAll(
    Layer.effect(SignIns)(
      Effect.map(SignIns, (port) => (mutation.signIns ?? untouched)(port, tables))
    ),
    Layer.effect(Availability)(
      Effect.map(Availability, (port) => (mutation.availability ?? untouched)(port, tables))
    ),
    Layer.effect(Bus)(Effect.map(Bus, (port) => (mutation.bus ?? untouched)(port, tables))),
    Layer.effect(Journal)(Effect.map(Journal, (port) => (mutation.journal ?? untouched)(port, tables))),
    Layer.effect(Payments)(Effect.map(Payments, (port) => (mutation.payments ?? untouched)(port, tables))),
    Layer.effect(Presence)(Effect.map(Presence, (port) => (mutation.presence ?? untouched)(port, tables))),
    Layer.effect(SessionOversight)(
      Effect.map(SessionOversight, (port) => (mutation.sessionOversight ?? untouched)(port, tables))
    ),
    Layer.effect(SessionViews)(
      Effect.map(SessionViews, (port) => (mutation.sessionViews ?? untouched)(port, tables))
    ),
    Layer.effect(Sessions)(Effect.map(Sessions, (port) => (mutation.sessions ?? untouched)(port, tables)))
  )
}
