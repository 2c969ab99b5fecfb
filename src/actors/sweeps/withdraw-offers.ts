// Withdrawals: a deactivation, a drain, a block and a pause each act at once themselves. This finishes what
// they did not: a crash came in between, or a request that was just choosing still asked her.
import * as Effect from "effect/Effect"
import { Mitras } from "../../services/accounts/mitras.ts"
import { Trust } from "../../services/trust/trust.ts"
import { MitraActors } from "../mitra/protocol.ts"
import { SessionActors } from "../session/protocol.ts"
import { countEach, type Sweep } from "./sweep.ts"
import { asSystem } from "../turn-call.ts"
import { rowsPerPass } from "../actor-limits.ts"

const rowsMax = 200
const concurrency = 8

export const withdrawOffers = Effect.fnUntraced(function*(everySeconds: number) {
  const batch = yield* rowsPerPass(rowsMax)
  const mitras = yield* Mitras
  const trust = yield* Trust
  const sessionActors = yield* SessionActors
  const mitraActors = yield* MitraActors

  const withdraw = ({ mitra_id, session_id }: { readonly mitra_id: string; readonly session_id: string }) =>
    Effect.as(sessionActors.run(session_id, asSystem({ _tag: "WithdrawOffer", mitra_id })), true)

  const takeOffline = (mitraId: string) =>
    Effect.as(mitraActors.run(mitraId, asSystem({ _tag: "PauseForReports" })), true)

  const runOnce = Effect.gen(function*() {
    const offers = yield* mitras.offersToWithdraw(batch)
    const withdrawn = yield* countEach(offers, { concurrency, failed: "offer not withdrawn" }, withdraw)
    const paused = yield* trust.pausedOnline(batch)
    const failed = "paused mitra not taken offline"
    const taken_offline = yield* countEach(paused, { concurrency, failed }, takeOffline)
    return { offers: offers.length, withdrawn, taken_offline }
  })

  return { name: "withdrawals", every: `${everySeconds} seconds`, runOnce } satisfies Sweep<unknown, never>
})
