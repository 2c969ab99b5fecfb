// Withdrawals: a deactivation, a drain, a block and a pause each act at once themselves. This finishes what
// they did not: a crash came in between, or a request that was just choosing still asked her.
import * as Effect from "effect/Effect"
import { Mitras } from "../../services/accounts/mitras.ts"
import { Trust } from "../../services/trust/trust.ts"
import { MitraActors } from "../mitra/protocol.ts"
import { SessionActors } from "../session/protocol.ts"
import type { Sweep } from "./sweep.ts"
import { asSystem } from "../machine.ts"

const batch = 200
const concurrency = 8

const sum = (counts: ReadonlyArray<number>): number => counts.reduce((total, one) => total + one, 0)

export const withdrawOffers = Effect.fnUntraced(function*(everySeconds: number) {
  const mitras = yield* Mitras
  const trust = yield* Trust
  const sessionActors = yield* SessionActors
  const mitraActors = yield* MitraActors

  const withdraw = ({ mitra_id, session_id }: { readonly mitra_id: string; readonly session_id: string }) =>
    sessionActors.run(session_id, asSystem({ _tag: "WithdrawOffer", mitra_id })).pipe(
      Effect.as(1),
      Effect.catch((error) => Effect.logWarning("offer not withdrawn", error).pipe(Effect.as(0)))
    )

  const takeOffline = (mitraId: string) =>
    mitraActors.run(mitraId, asSystem({ _tag: "PauseForReports" })).pipe(
      Effect.as(1),
      Effect.catch((error) => Effect.logWarning("paused mitra not taken offline", error).pipe(Effect.as(0)))
    )

  const runOnce = Effect.gen(function*() {
    const offers = yield* mitras.offersToWithdraw(batch)
    const withdrawn = yield* Effect.forEach(offers, withdraw, { concurrency })
    const offline = yield* Effect.forEach(yield* trust.pausedOnline(batch), takeOffline, { concurrency })
    return { offers: offers.length, withdrawn: sum(withdrawn), taken_offline: sum(offline) }
  })

  return { name: "withdrawals", every: `${everySeconds} seconds`, runOnce } satisfies Sweep<unknown, never>
})
