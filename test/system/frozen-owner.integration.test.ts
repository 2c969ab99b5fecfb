// A runner that freezes between its decision and its commit, and wakes up when another has taken its place:
// what it decided is never written, and what the phone repeated meanwhile is written once.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { seedDatabase, type ServerProcess, startRunner } from "../support/server-process.ts"
import { commandId, customer, history, mitra, pair, reconnected, send, sendUntilKnown } from "./people.ts"
import { booksOf } from "./fault-books.ts"

const wakesUpFenced = (runner: ServerProcess) =>
  Effect.callback<void>((resume) => {
    runner.child.stdout?.on("data", (text) => {
      if (String(text).includes("fenced out")) resume(Effect.void)
    })
    runner.child.kill("SIGCONT")
  }).pipe(Effect.timeout("15 seconds"))

describe("a runner that freezes before its commit", () => {
  it.live(
    "is fenced out when it wakes up: the message that was repeated elsewhere is written once",
    () =>
      Effect.gen(function*() {
        const url = yield* freshDatabaseUrl
        yield* seedDatabase(url)
        const books = yield* booksOf(url)
        // Alone at first, so that it owns the session.
        const first = yield* startRunner(url, { FAULT_GATE: "freeze@before_commit:MessageSent" })
        const [sari, ayu] = yield* Effect.promise(() => Promise.all([customer(first), mitra(first, 1)]))
        const session = yield* Effect.promise(() => pair(first, sari, ayu, "chat_5"))
        const unsure = commandId()
        const unanswered = send(sari, session, "unsure", unsure).then((sent) => sent.seq, () => null)
        const second = yield* startRunner(url)

        const repeated = yield* Effect.promise(async () => {
          const back = await reconnected(sari, second)
          const sent = await sendUntilKnown(back, session, "unsure", unsure, 30_000)
          return { back, seq: sent.seq }
        })
        yield* wakesUpFenced(first)
        yield* Effect.promise(async () => {
          const seq = await unanswered
          if (seq !== null) assert.strictEqual(seq, repeated.seq)
          assert.deepStrictEqual(await history(repeated.back, session), [[repeated.seq, "unsure"]])
          await books.assertAlways("after the awakening")
          for (const { phone } of [sari, ayu, repeated.back]) phone.hangUp()
        })
      }),
    120_000
  )
})
