// What a simulated runner's ports stand on: the memory adapters, reached over the wire to their store, under
// the real group commit, the real settings cache and the real bus.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { SecureRandom } from "effect/crypto"
import * as AvailabilityMemory from "../../testkit/memory/availability.memory.ts"
import { makeLinkedBus } from "../../src/layers/bus/links.ts"
import { busTimings } from "../../src/layers/bus/timings.ts"
import { makeGroupCommit } from "../../src/layers/journal/group-commit.ts"
import type { GroupWriter } from "../../src/layers/journal/group-writer.ts"
import { eventsOf } from "../../src/domain/verdict.ts"
import * as JournalMemory from "../../testkit/memory/journal.memory.ts"
import { mirrorRows } from "../../testkit/memory/store/mirror-rows.ts"
import { cached } from "../../src/layers/settings/settings.ts"
import { settingsStore } from "../../testkit/memory/settings.memory.ts"
import { Availability } from "../../src/services/availability/availability.ts"
import { Bus } from "../../src/services/bus/bus.ts"
import { CodeSender } from "../../src/services/accounts/code-sender.ts"
import { Journal, type TurnWrite } from "../../src/services/journal/journal.ts"
import { type Failpoint, Failpoints, passFailpoint } from "../../src/services/manual-clock/failpoints.ts"
import { Settings } from "../../src/services/settings/settings.ts"
import type { Process } from "../kernel/process.ts"
import * as StoresMemory from "../../testkit/memory/stores.memory.ts"
import { overStore } from "../stores/store.ts"
import type { Stores } from "../stores/stores.ts"

/** A port whose memory adapter is asked over the wire to Postgres. */
const remote = <Self, Port extends object, R>(
  tag: Context.Service<Self, Port>,
  adapter: Layer.Layer<Self, never, R>,
  { postgres }: Stores,
  caller: Process,
  local: ReadonlyArray<keyof Port> = []
) =>
  Layer.effect(tag)(Effect.map(tag, (port) => overStore(port, postgres, caller, local) as never)).pipe(
    Layer.provide(adapter)
  )

/** Where the runner may die with a group under way: nothing of it is written then. */
const passing = (gate: Failpoint | null, { writeBatch, writeOne, ...writer }: GroupWriter): GroupWriter => {
  const lines = (turns: ReadonlyArray<TurnWrite>) =>
    Effect.orDie(passFailpoint(gate, "in_commit", turns.flatMap(eventsOf)))
  return {
    ...writer,
    writeBatch: (turns) => Effect.andThen(lines(turns), writeBatch(turns)),
    writeOne: (turn) => Effect.andThen(lines([turn]), writeOne(turn))
  }
}

/** The real group commit, over a writer whose transaction is one step of the store. */
const journal = ({ limits, mutation, postgres, tables, witness }: Stores, caller: Process) =>
  Layer.effect(Journal)(Effect.gen(function*() {
    const written = yield* Journal
    const writer = JournalMemory.groupWriter({
      tables,
      random: yield* SecureRandom.SecureRandom,
      reach: (step) => postgres.call(caller, step),
      onTurn: (turn, ended) =>
        witness.onTurn(turn, Exit.isSuccess(ended) && ended.value._tag === "Committed", caller),
      instead: mutation?.commit?.(JournalMemory.commitTurn)
    })
    return Journal.of({
      ...overStore(written, postgres, caller),
      commit: yield* makeGroupCommit(passing(yield* Failpoints, writer), limits.journal)
    })
  })).pipe(Layer.provide(JournalMemory.layer))

const settings = ({ postgres, tables }: Stores, caller: Process) =>
  Layer.effect(Settings)(Effect.suspend(() => cached(overStore(settingsStore(tables), postgres, caller))))

/** The real bus, over the simulated channels. */
export const bus = (stores: Stores, caller: Process) =>
  Layer.effect(Bus)(
    Effect.suspend(() =>
      makeLinkedBus(stores.channels.map((channel) => channel.linkOf(caller)), {
        ...busTimings,
        ...stores.timings.bus
      }, stores.limits.bus)
    )
  )

/** What Valkey mirrors, and what answers without it. */
export const availability = (stores: Stores, caller: Process) => ({
  port: remote(Availability, AvailabilityMemory.layer, stores, caller, ["changed"]),
  mirrored: Effect.sync(() => overStore(mirrorRows(stores.tables), stores.postgres, caller)),
  // One Valkey in the world.
  sightings: null
})

/** No simulated client reads a code: all of them prove a phone with the tester's fixed code. */
const codeSender = Layer.succeed(CodeSender)({ send: () => Effect.void })

export const providers = (stores: Stores, caller: Process) =>
  Layer.mergeAll(stores.books.layerOf(caller), codeSender, stores.push.layerOf(caller))

/** Every store port, over the wire to the simulated Postgres. */
export const stores = (all: Stores, caller: Process) =>
  StoresMemory.layerThrough((tag, adapter) => remote(tag, adapter, all, caller), {
    journal: journal(all, caller),
    settings: settings(all, caller)
  })
