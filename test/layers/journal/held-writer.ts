// A writer that a test holds in its hands, under the real group commit: every group waits until the test
// finishes it, and what callers hear is a word.
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import { defaultLimits, type GroupLimits, makeGroupCommit } from "../../../src/layers/journal/group-commit.ts"
import type { BatchFailed, GroupWriter, Outcome } from "../../../src/layers/journal/group-writer.ts"
import type { TurnWrite, Verdict } from "../../../src/services/journal/journal.ts"
import { Unavailable } from "../../../src/services/platform/unavailable.ts"
import { heard } from "../../../testkit/conformance/delivered.ts"

export const committed: Verdict = { _tag: "Committed" }
export const away = new Unavailable({ what: "postgres", retryable: true })

export const turn = (id: string, at = 0): TurnWrite => ({
  actor: { kind: "session", id, epoch: 1 },
  at,
  command: null,
  session: null,
  mitra: null,
  audit: []
})

export const hear = (committing: Effect.Effect<Verdict, Unavailable>) =>
  Effect.map(Effect.exit(committing), heard)
export const noAnswer = "Unavailable postgres"

interface Group {
  readonly ids: ReadonlyArray<string>
  readonly finish: (
    exit: Exit.Exit<ReadonlyArray<Outcome>, Unavailable | BatchFailed>
  ) => Effect.Effect<boolean>
}

/** Every group (a turn alone is one, too) waits for the test to finish it. */
const heldWriter = Effect.gen(function*() {
  const groups = yield* Queue.unbounded<Group>()
  const write = (turns: ReadonlyArray<TurnWrite>) =>
    Effect.gen(function*() {
      const answer = yield* Deferred.make<ReadonlyArray<Outcome>, Unavailable | BatchFailed>()
      const finish: Group["finish"] = (exit) => Deferred.done(answer, exit)
      yield* Queue.offer(groups, { ids: turns.map(({ actor }) => actor.id), finish })
      return yield* Deferred.await(answer)
    })
  const writer: GroupWriter = {
    isShort: ({ actor }) => actor.id.startsWith("short"),
    writeBatch: write,
    writeOne: (each) =>
      write([each]).pipe(
        Effect.catchIf((error) => error._tag === "BatchFailed", Effect.die),
        Effect.flatMap(([outcome]) => outcome ?? Effect.succeed(committed))
      )
  }
  return { groups, writer }
})

/** One commit at a time and no pause, where nothing else is said: what forms a group shows best then. */
const plain = { commits_at_once: 1, apart: null }

export const start = Effect.fnUntraced(function*(limits: Partial<GroupLimits> = {}) {
  const { groups, writer } = yield* heldWriter
  const scope = yield* Scope.make()
  const commit = yield* makeGroupCommit(writer, { ...defaultLimits, ...plain, ...limits }).pipe(
    Scope.provide(scope)
  )
  const hand = (...ids: ReadonlyArray<string>) =>
    Effect.forEach(
      ids,
      (id) => Effect.forkChild(hear(commit(turn(id))), { startImmediately: true })
    )
  return { commit, groups, hand, scope, next: Queue.take(groups) }
})

export const allCommitted = (group: Group) =>
  group.finish(Exit.succeed(group.ids.map((): Outcome => Exit.succeed(committed))))

export const results = (fibers: ReadonlyArray<Fiber.Fiber<string>>) =>
  Effect.forEach(fibers, (fiber) => Fiber.join(fiber))
