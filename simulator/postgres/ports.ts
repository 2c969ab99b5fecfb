// The store ports of one runner on a real PostgreSQL: the server's own adapters, each call over the simulated
// way to the database, where it can be slow, lost or refused like any other.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { SqlClient } from "effect/sql/SqlClient"
import * as SqlClientModule from "effect/sql/SqlClient"
import * as Accounts from "../../src/layers/accounts/accounts.postgres.ts"
import * as Mitras from "../../src/layers/accounts/mitras.postgres.ts"
import * as SignIns from "../../src/layers/accounts/sign-ins.postgres.ts"
import * as Staff from "../../src/layers/accounts/staff.postgres.ts"
import * as StaffProofs from "../../src/layers/accounts/staff-proofs.postgres.ts"
import * as AvailabilityPostgres from "../../src/layers/availability/availability.postgres.ts"
import { makeMirrorRows } from "../../src/layers/availability/mirror-rows.postgres.ts"
import * as CipherNone from "../../src/layers/encryption/cipher.none.ts"
import { makeGroupCommit } from "../../src/layers/journal/group-commit.ts"
import type { GroupWriter, Outcome } from "../../src/layers/journal/group-writer.ts"
import * as JournalPostgres from "../../src/layers/journal/journal.postgres.ts"
import * as Oversight from "../../src/layers/oversight/oversight.postgres.ts"
import * as Payments from "../../src/layers/payments/payments.postgres.ts"
import * as PersonalData from "../../src/layers/personal-data/personal-data.postgres.ts"
import * as Pricing from "../../src/layers/payments/pricing.postgres.ts"
import * as PushOutbox from "../../src/layers/push/push-outbox.postgres.ts"
import * as SessionOversight from "../../src/layers/sessions/session-oversight.postgres.ts"
import * as SessionViews from "../../src/layers/sessions/session-views.postgres.ts"
import * as Sessions from "../../src/layers/sessions/sessions.postgres.ts"
import * as Trust from "../../src/layers/trust/trust.postgres.ts"
import { cached } from "../../src/layers/settings/settings.ts"
import { storeOf } from "../../src/layers/settings/settings.postgres.ts"
import { Accounts as AccountsPort } from "../../src/services/accounts/accounts.ts"
import { Mitras as MitrasPort } from "../../src/services/accounts/mitras.ts"
import { SignIns as SignInsPort } from "../../src/services/accounts/sign-ins.ts"
import { StaffProofs as StaffProofsPort } from "../../src/services/accounts/staff-proofs.ts"
import { Staff as StaffPort } from "../../src/services/accounts/staff.ts"
import { Oversight as OversightPort } from "../../src/services/oversight/oversight.ts"
import { Payments as PaymentsPort } from "../../src/services/payments/payments.ts"
import { PersonalData as PersonalDataPort } from "../../src/services/personal-data/personal-data.ts"
import { Pricing as PricingPort } from "../../src/services/payments/pricing.ts"
import { PushOutbox as PushOutboxPort } from "../../src/services/push/push-outbox.ts"
import { SessionOversight as SessionOversightPort } from "../../src/services/sessions/session-oversight.ts"
import { SessionViews as SessionViewsPort } from "../../src/services/sessions/session-views.ts"
import { Sessions as SessionsPort } from "../../src/services/sessions/sessions.ts"
import { Availability } from "../../src/services/availability/availability.ts"
import { Journal, type TurnWrite } from "../../src/services/journal/journal.ts"
import { Trust as TrustPort } from "../../src/services/trust/trust.ts"
import { Settings } from "../../src/services/settings/settings.ts"
import type { Process } from "../kernel/process.ts"
import { type Reached, reachedBy } from "../stores/store.ts"
import type { RealPorts } from "../stores/stores.ts"
import type { World } from "../world.ts"

interface Reach {
  readonly world: World
  readonly process: Process
  /** Where statements run: real time, the world's clock, this runner's pool. */
  readonly context: Context.Context<any>
  readonly scope: Scope.Scope
  readonly run: <A, E>(statement: Effect.Effect<A, E>) => Promise<Exit.Exit<A, E>>
}

const adapters = Layer.mergeAll(
  SignIns.layer,
  Mitras.layer,
  Oversight.layer,
  Payments.layer,
  Accounts.layer,
  PersonalData.layer,
  Pricing.layer,
  PushOutbox.layer,
  SessionOversight.layer,
  SessionViews.layer,
  Sessions.layer,
  Staff.layer,
  StaffProofs.layer,
  Trust.layer,
  AvailabilityPostgres.layer,
  JournalPostgres.layer
).pipe(Layer.provide(CipherNone.layer))

/** Each turn is told to the witness as soon as the database has said what became of it. */
const witnessed = (
  writer: GroupWriter,
  { process, world: { stores } }: Reach,
  reach: Reached
): GroupWriter => {
  const told = (turn: TurnWrite, outcome: Outcome) =>
    stores.witness.onTurn(turn, Exit.isSuccess(outcome) && outcome.value._tag === "Committed", process)
  const writeBatch: GroupWriter["writeBatch"] = (turns) =>
    Effect.tap(
      writer.writeBatch(turns),
      (outcomes) => Effect.sync(() => turns.forEach((turn, index) => told(turn, outcomes[index]!)))
    )
  const writeOne: GroupWriter["writeOne"] = (turn) =>
    Effect.onExit(writer.writeOne(turn), (exit) => Effect.sync(() => told(turn, exit)))
  return reachedBy({ isShort: writer.isShort, writeBatch, writeOne }, reach, ["isShort"])
}

export const realPorts = (options: Reach): RealPorts => {
  const { context, process, run, scope, world } = options
  const postgres = world.stores.postgres
  const reach: Reached = (statement) => postgres.callReal(process, () => run(statement))
  /** Adapters are made where their statements run: some have a fiber of their own. */
  const made = <A, E>(make: Effect.Effect<A, E, any>): Effect.Effect<A> =>
    Effect.orDie(postgres.callReal(process, () => run(Effect.provide(make, context) as Effect.Effect<A, E>)))
  const built = made(Layer.buildWithScope(Layer.fresh(adapters), scope))
  const sql: SqlClient = Context.get(context, SqlClientModule.SqlClient)

  // A port that is missing here does not compile.
  const stores: RealPorts["stores"] = Layer.unwrap(Effect.gen(function*() {
    const ports = yield* built
    const writer = yield* made(Effect.provide(JournalPostgres.makeWriter, CipherNone.layer))
    const commit = yield* makeGroupCommit(witnessed(writer, options, reach))
    const over = <Self extends Layer.Success<typeof adapters>, Port extends object>(
      tag: Context.Service<Self, Port>
    ) => Layer.succeed(tag)(reachedBy(Context.get(ports, tag), reach) as never)
    return Layer.mergeAll(
      over(AccountsPort),
      over(MitrasPort),
      over(OversightPort),
      over(PaymentsPort),
      over(PersonalDataPort),
      over(PricingPort),
      over(PushOutboxPort),
      over(SessionOversightPort),
      over(SessionViewsPort),
      over(SessionsPort),
      over(SignInsPort),
      over(StaffPort),
      over(StaffProofsPort),
      over(TrustPort),
      Layer.succeed(Journal)({ ...reachedBy(Context.get(ports, Journal), reach), commit }),
      Layer.succeed(Settings)(yield* cached(reachedBy(storeOf(sql), reach)))
    )
  }))

  return {
    stores,
    availability: {
      port: Layer.effect(Availability)(
        Effect.map(built, (ports) => reachedBy(Context.get(ports, Availability), reach, ["changed"]))
      ),
      mirrored: Effect.map(made(makeMirrorRows), (rows) => reachedBy(rows, reach)),
      // One Valkey in the world.
      sightings: null
    }
  }
}
