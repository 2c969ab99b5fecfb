// Drained mitras: who is being drained and has finished her last chat goes offline, through her own actor,
// which counts her chats once more before it decides.
import * as Effect from "effect/Effect"
import { Mitras } from "../../services/accounts/mitras.ts"
import { MitraActors } from "../mitra/protocol.ts"
import type { Sweep } from "./sweep.ts"
import { asSystem } from "../machine.ts"

const batch = 200
const concurrency = 8

export const drainedMitras = Effect.fnUntraced(function*(everySeconds: number) {
  const mitras = yield* Mitras
  const actors = yield* MitraActors

  const finish = (mitraId: string) =>
    actors.run(mitraId, asSystem({ _tag: "FinishDrain" })).pipe(
      Effect.map((reply) => reply.changed ? 1 : 0),
      Effect.catch((error) => Effect.logWarning("drained mitra not taken offline", error).pipe(Effect.as(0)))
    )

  const runOnce = Effect.gen(function*() {
    const ids = yield* mitras.drained(batch)
    const finished = yield* Effect.forEach(ids, finish, { concurrency })
    return { drained: ids.length, offline: finished.reduce((sum: number, one) => sum + one, 0) }
  })

  return { name: "drained_mitras", every: `${everySeconds} seconds`, runOnce } satisfies Sweep<unknown, never>
})
