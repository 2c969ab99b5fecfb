// Everything that lives, on one screen; test/guards/what-lives.test.ts knows what is missing.
//
//   cluster (one per runner, shards and singletons shared out through Postgres)
//   |- ChatSession   one actor per session: mailbox, timer, epoch     wakes on a message or the sweep
//   |- Mitra         one actor per mitra: mailbox, epoch              wakes on a message
//   |- sweep/deadlines          every second      wakes owners of due sessions
//   |- sweep/stale_heartbeats   every 30 s        takes silent mitras offline
//   |- sweep/heartbeat_write_back  every 60 s     brings the mirror's heartbeats to the rows
//   |- sweep/mirror_reseed      every 300 s       heals what the mirror missed
//   |- sweep/missed_offers      every 10 s        pauses mitras who let offer after offer run out
//   |- sweep/drained_mitras     every 5 s         takes drained mitras offline after their last chat
//   |- sweep/pushes             every second      sends what is due in the outbox to closed apps
//   |- sweep/absent_mitras     every 15 s        proposes chats without their mitra to staff
//   |- sweep/withdrawals        every 5 s         takes back offers to mitras who may get none
//   |- sweep/retention         every 60 s        erases texts of deleted accounts, old accounts, records
//   `- sweep/payments           every 60 s        asks, expires, opens what a crash left behind
//   every runner, whatever it owns
//   |- actors/settings-follower               on a bus message   forgets settings changed elsewhere
//   |- actors/cluster-reach                   every 0.5 s        asks the others; the one cut off steps aside
//   |- http/readiness                         every 2 s          is the database fit for traffic
//   |- http/unfit                             every 0.5 s        an unfit runner sends its phones elsewhere
//   |- http/socket/watch                      every 0.5 s        pings, silence, what is due on a socket
//   |- http/socket/revocations                on a bus message   closes the sockets of a revoked sign-in
//   |- http/internal/console/live-hub         every few seconds  counts of the last hour; looks while watched
//   |- layers/journal/group-commit            always             writes what turns decided, in groups
//   |- layers/operations/overload             every second       how late the event loop runs
//   |- layers/platform/batcher                always             pings and reads that share a round trip
//   |- layers/platform/postgres/postgres-clock every 5 s         compares this clock with Postgres'
//   |- layers/platform/lagging-reads          until it is there  seeks the read replica
//   |- layers/platform/postgres/replica        every second       looks how far the replica is behind
//   |- layers/bus/publisher                   always             tells other runners what was committed
//   |- layers/bus/listener                    always             hears them, on a connection of its own
//   |- layers/bus/links                       every beat         which link reaches everybody, who is missing
//   |- layers/bus/audience                    every beat         is anybody else listening
//   `- with Valkey only
//      |- layers/platform/valkey/connection   every 2 s          does Valkey throw keys away
//      |- layers/platform/valkey/breaker      on a failure       recovers the mirror before it is believed
//      |- layers/availability/presence.valkey every beat         says who is connected here
//      `- layers/availability/mirror/sharing  every 2 s          do all runners see the same Valkey
//
// A defect in a turn costs its caller one answer: the state is reloaded, repeats are slowed down.
// A sweep pass that fails is logged, reported as a milestone and tried again at the next beat.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MitraActor from "./mitra/actor.ts"
import * as MitraActorClient from "./mitra/actor-client.ts"
import * as SessionActor from "./session/actor.ts"
import * as SessionActorClient from "./session/actor-client.ts"
import * as Lanes from "./lane/lanes.ts"
import * as LocalActors from "./local-actors.ts"
import * as OpenedHere from "./session/opened-here.ts"
import * as Requests from "./session/requests.ts"
import * as SettingsFollower from "./settings-follower.ts"
import { absentMitras } from "./sweeps/absent-mitras.ts"
import { drainedMitras } from "./sweeps/drained-mitras.ts"
import { deadlines } from "./sweeps/deadlines.ts"
import { heartbeatWriteBack } from "./sweeps/heartbeat-write-back.ts"
import { mirrorReseed } from "./sweeps/mirror-reseed.ts"
import { missedOffers } from "./sweeps/missed-offers.ts"
import { payments } from "./sweeps/payments.ts"
import { pushes } from "./sweeps/pushes.ts"
import { staleHeartbeats } from "./sweeps/stale-heartbeats.ts"
import { retention } from "./sweeps/retention.ts"
import { boundedPass, singleton } from "./sweeps/sweep.ts"
import { withdrawOffers } from "./sweeps/withdraw-offers.ts"
import * as RealTime from "../services/platform/real-time.ts"

export interface SweepCadence {
  /** 1 unless said otherwise; well below how far ahead this sweep wakes sessions (10 s). */
  readonly deadlines_seconds?: number
  /** 1 unless said otherwise. */
  readonly pushes_seconds?: number
  /** 5 unless said otherwise. */
  readonly withdraw_offers_seconds?: number
  /** 5 unless said otherwise. */
  readonly drained_mitras_seconds?: number
  /** 15 unless said otherwise. */
  readonly absent_mitras_seconds?: number
  /** 10 unless said otherwise. */
  readonly missed_offers_seconds?: number
  readonly stale_heartbeats_seconds: number
  readonly heartbeat_write_back_seconds: number
  readonly mirror_reseed_seconds: number
}

const actors = Layer.mergeAll(SessionActor.layer, MitraActor.layer)

/** What the rest of the server calls: the actors' clients. */
const actorClients = Requests.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(MitraActorClient.layer, SessionActorClient.layer))
)

const sweeps = (cadence: SweepCadence) =>
  Layer.mergeAll(
    Layer.unwrap(Effect.map(deadlines(cadence.deadlines_seconds ?? 1), singleton)),
    Layer.unwrap(Effect.map(staleHeartbeats(cadence.stale_heartbeats_seconds), singleton)),
    Layer.unwrap(Effect.map(heartbeatWriteBack(cadence.heartbeat_write_back_seconds), singleton)),
    Layer.unwrap(Effect.map(mirrorReseed(cadence.mirror_reseed_seconds), singleton)),
    Layer.unwrap(Effect.map(missedOffers(cadence.missed_offers_seconds ?? 10), singleton)),
    Layer.unwrap(Effect.map(drainedMitras(cadence.drained_mitras_seconds ?? 5), singleton)),
    Layer.unwrap(Effect.map(absentMitras(cadence.absent_mitras_seconds ?? 15), singleton)),
    Layer.unwrap(Effect.map(withdrawOffers(cadence.withdraw_offers_seconds ?? 5), singleton)),
    Layer.unwrap(Effect.map(pushes(cadence.pushes_seconds ?? 1), singleton)),
    Layer.unwrap(Effect.map(payments, singleton)),
    Layer.unwrap(Effect.map(retention, singleton))
  )

/**
 * Before the listeners bind: whatever became due while no runner was up takes effect, every confirmed
 * payment has its session, and no deactivated mitra has an open offer.
 */
const catchUp = Layer.effectDiscard(
  Effect.gen(function*() {
    yield* boundedPass(yield* payments)
    yield* boundedPass(yield* withdrawOffers(5))
    yield* boundedPass(yield* deadlines(1))
  })
)

export const layer = (cadence: SweepCadence) =>
  Layer.merge(sweeps(cadence), SettingsFollower.layer).pipe(
    Layer.provideMerge(catchUp),
    Layer.provideMerge(Layer.merge(actors, Lanes.layerServing)),
    Layer.provideMerge(actorClients),
    Layer.provideMerge(OpenedHere.layer),
    Layer.provide(RealTime.layerOnRealTime(LocalActors.layer))
  )
