// Drained mitras: who is being drained and has finished her last chat goes offline, through her own actor,
// which counts her chats once more before it decides.
import * as Effect from "effect/Effect"
import { Mitras } from "../../services/accounts/mitras.ts"
import { MitraActors } from "../mitra/protocol.ts"
import { countEach, type Sweep } from "./sweep.ts"
import { asSystem } from "../turn-call.ts"
import { rowsPerPass } from "../actor-limits.ts"

const rowsMax = 200
const concurrency = 8

export const drainedMitras = Effect.fnUntraced(function*(everySeconds: number) {
  const batch = yield* rowsPerPass(rowsMax)
  const mitras = yield* Mitras
  const actors = yield* MitraActors

  const finish = (mitraId: string) =>
    Effect.map(actors.run(mitraId, asSystem({ _tag: "FinishDrain" })), (reply) => reply.changed)

  const runOnce = Effect.gen(function*() {
    const ids = yield* mitras.drained(batch)
    const failed = "drained mitra not taken offline"
    return { drained: ids.length, offline: yield* countEach(ids, { concurrency, failed }, finish) }
  })

  return { name: "drained_mitras", every: `${everySeconds} seconds`, runOnce } satisfies Sweep<unknown, never>
})
