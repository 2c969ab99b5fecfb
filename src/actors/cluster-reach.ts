// Which of the registered runners this one reaches, and what follows. Every runner asks every other; who
// reaches fewer than are there without it is the one that is cut off, and says nothing about the others: it
// gives its actors, and with them the health check, to those who reach each other. docs/decisions/0025.
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { RunnerAddress, RunnerHealth, Runners, RunnerStorage } from "effect/cluster"
import type { SqlClient } from "effect/sql/SqlClient"
import { ClusterStanding, type ClusterStandingOf } from "../services/platform/cluster-standing.ts"
import * as RealTime from "../services/platform/real-time.ts"
import { type Hearts, type Heartbeats, makeHearts } from "./gone-runners.ts"
import { writtenAddress } from "./runner-registry.ts"

type Storage = RunnerStorage.RunnerStorage["Service"]
type Members = Effect.Success<Storage["getRunners"]>

const roundEvery = "500 millis"
const listingWithin = "2 seconds"
const answerWithinMs = 2_000
/** This runner stood still itself: what it did not hear meanwhile may well have been said. */
const ownLatenessMs = 500
/** A refused connection counts once, silence one and a half times: it took four rounds' time. */
const refusedCounts = 1
const silenceCounts = 1.5
const unreachedAt = 3

/** What is known of the other runners; plain, so that the rules can be tested by themselves. */
export const makeReach = (own: string) => {
  const failures = new Map<string, number>()
  const refusing = new Set<string>()
  let hearts: Hearts | null = null
  let healthy = new Map<string, boolean>()
  const others = () => [...healthy.keys()].filter((address) => address !== own)
  const failing = (atLeast: number) => others().filter((address) => (failures.get(address) ?? 0) >= atLeast)
  /** Nobody answers at its address, and its heart stands still: its process has ended. */
  const isGone = (address: string) => refusing.has(address) && hearts?.isStill(address) === true
  /** Of those that are left. With half of them it is a tie: whoever has the health check decides it. */
  const isMinority = (failed: ReadonlyArray<string>) => {
    const left = healthy.size - failed.filter(isGone).length
    return (healthy.size - failed.length) * 2 < left
  }
  /** One whose heart has not beaten since may have ended as well: that cuts nobody off. */
  const isThere = (address: string) => hearts === null || (hearts.hasBeaten(address) && !isGone(address))
  return {
    list: (members: ReadonlyArray<readonly [string, boolean]>) => {
      healthy = new Map(members)
      for (const address of failures.keys()) if (!healthy.has(address)) failures.delete(address)
    },
    others,
    answered: (address: string) => {
      failures.set(address, 0)
      refusing.delete(address)
    },
    failed: (address: string, counts: number) => {
      failures.set(address, (failures.get(address) ?? 0) + counts)
      if (counts === refusedCounts) refusing.add(address)
      else refusing.delete(address)
    },
    failing: () => failing(refusedCounts),
    /** How the hearts of those that fail beat; null: nobody can say, and all are taken for living. */
    watch: (found: Hearts | null) => {
      hearts = found
    },
    /** Gone, and healthy as far as the storage knows. */
    gone: () => others().filter((address) => isGone(address) && healthy.get(address) === true),
    unreached: () => failing(unreachedAt),
    /** More are there without it than it reaches, itself among them. */
    isCutOff: () => {
      const unreached = failing(unreachedAt)
      return healthy.size - unreached.length < unreached.filter(isThere).length
    },
    isHealthy: (address: string) => healthy.get(address) ?? false,
    /** Somebody is there who can take over. */
    isAnotherHealthy: () => others().some((address) => healthy.get(address) === true),
    /** The verdict of the health check; as it was, where this runner has none to give. */
    verdictOn: (address: string): boolean => {
      const before = healthy.get(address) ?? true
      const counted = failures.get(address)
      if (address === own || counted === undefined || isMinority(failing(refusedCounts))) return before
      if (counted === 0) return true
      return counted >= unreachedAt ? false : before
    }
  }
}

export type Reach = ReturnType<typeof makeReach>

const listed = (members: Members) =>
  members.map(([{ address }, isHealthy]) => [writtenAddress(address), isHealthy] as const)

/** A runner joins as one that nobody has found yet, and gets actors when another one reached it. */
export const joiningUnproven = (inner: Storage, reach: Reach): Storage => {
  let isProven = false
  return {
    ...inner,
    register: (runner, isHealthy) =>
      Effect.gen(function*() {
        const address = writtenAddress(runner.address)
        const members = listed(yield* inner.getRunners)
        isProven ||= reach.isHealthy(address) || members.every(([member]) => member === address)
        // A runner that joins again while it is cut off, after its locks were gone, is not proven by before.
        return yield* inner.register(runner, isHealthy && isProven && !reach.isCutOff())
      })
  }
}

/** Runners that may find this one refuse to be found by: it has stepped back, or is cut off. */
export interface Door {
  readonly close: () => void
  readonly open: () => void
}

const addressOf = (written: string): RunnerAddress.RunnerAddress => {
  const colon = written.lastIndexOf(":")
  return RunnerAddress.make(written.slice(0, colon), Number(written.slice(colon + 1)))
}

const round = Effect.fnUntraced(
  function*(reach: Reach, members: Members, ping: Runners.Runners["Service"]["ping"]) {
    reach.list(listed(members))
    const ask = ([{ address }]: Members[number]) => {
      const written = writtenAddress(address)
      const answer = ping(address).pipe(Effect.as(true), RealTime.timeoutOption(answerWithinMs))
      return Effect.matchEffect(Effect.timed(answer), {
        onFailure: () => Effect.sync(() => reach.failed(written, refusedCounts)),
        onSuccess: ([took, answer]) =>
          Effect.sync(() => {
            if (answer._tag === "Some") return reach.answered(written)
            if (Duration.toMillis(took) - answerWithinMs < ownLatenessMs) reach.failed(written, silenceCounts)
          })
      })
    }
    const others = members.filter(([{ address }]) => reach.others().includes(writtenAddress(address)))
    yield* Effect.forEach(others, ask, { concurrency: "unbounded", discard: true })
  }
)

export const layer = (
  own: RunnerAddress.RunnerAddress,
  reach: Reach,
  door: Door,
  held: ReadonlyMap<string, unknown>,
  heartbeats: Effect.Effect<Heartbeats, unknown, SqlClient>
) =>
  Layer.effectContext(Effect.gen(function*() {
    const services = yield* Effect.context<SqlClient>()
    const storage = yield* RunnerStorage.RunnerStorage
    const { ping } = yield* Runners.Runners
    const own_address = writtenAddress(own)
    const hearts = makeHearts(own_address)
    let steppedBack = false

    const settle = Effect.suspend(() => {
      const isOut = (steppedBack || reach.isCutOff()) && reach.isAnotherHealthy()
      if (isOut) door.close()
      else door.open()
      return isOut && reach.isHealthy(own_address) ? storage.setRunnerHealth(own, false) : Effect.void
    })
    const listen = Effect.gen(function*() {
      const failing = reach.failing()
      const beats = failing.length === 0 ? new Map() : yield* Effect.provideContext(heartbeats, services)
      hearts.look(failing, beats)
      reach.watch(hearts)
    }).pipe(
      RealTime.timeout(listingWithin),
      Effect.catchCause(() => Effect.sync(() => reach.watch(null)))
    )
    /** Whoever had the health check may be the one that is gone. */
    const buryGone = Effect.gen(function*() {
      for (const address of reach.gone()) {
        yield* Effect.logInfo("a runner is gone: it refuses connections and its heart stands still").pipe(
          Effect.annotateLogs({ runner: address })
        )
        yield* storage.setRunnerHealth(addressOf(address), false)
      }
    })
    const look = Effect.gen(function*() {
      const members = yield* storage.getRunners.pipe(RealTime.timeout(listingWithin))
      yield* round(reach, members, ping)
      yield* listen
      yield* settle
      yield* buryGone.pipe(RealTime.timeout(listingWithin))
    })
    // Runners lose each other in real time, whatever time the product has.
    yield* Effect.forkScoped(
      RealTime.onRealTime(Effect.repeat(Effect.ignoreCause(look), Schedule.spaced(roundEvery)))
    )

    const standing: ClusterStandingOf = {
      now: Effect.sync(() => ({
        has_part: reach.isHealthy(own_address) && held.size > 0,
        unreached: reach.unreached(),
        own_address
      })),
      stepBack: (out) =>
        Effect.suspend(() => {
          if (out === steppedBack) return Effect.void
          steppedBack = out
          return Effect.ignore(settle)
        })
    }
    const health = RunnerHealth.RunnerHealth.of({
      isAlive: (address) => Effect.sync(() => reach.verdictOn(writtenAddress(address)))
    })
    return Context.make(RunnerHealth.RunnerHealth, health).pipe(Context.add(ClusterStanding, standing))
  }))
