// Withdrawals: a deactivation or a drain withdraws her open offers itself. This takes back what it did not
// see: a crash came in between, or a request that was just choosing still asked her.
import * as Effect from "effect/Effect"
import { Mitras } from "../../services/accounts/mitras.ts"
import { SessionActors } from "../session/protocol.ts"
import type { Sweep } from "./sweep.ts"
import { asSystem } from "../machine.ts"

const batch = 200
const concurrency = 8

export const withdrawOffers = Effect.fnUntraced(function*(everySeconds: number) {
  const mitras = yield* Mitras
  const actors = yield* SessionActors

  const withdraw = ({ mitra_id, session_id }: { readonly mitra_id: string; readonly session_id: string }) =>
    actors.run(session_id, asSystem({ _tag: "WithdrawOffer", mitra_id })).pipe(
      Effect.as(1),
      Effect.catch((error) => Effect.logWarning("offer not withdrawn", error).pipe(Effect.as(0)))
    )

  const runOnce = Effect.gen(function*() {
    const offers = yield* mitras.offersToWithdraw(batch)
    const withdrawn = yield* Effect.forEach(offers, withdraw, { concurrency })
    return { offers: offers.length, withdrawn: withdrawn.reduce((sum: number, one) => sum + one, 0) }
  })

  return { name: "withdrawals", every: `${everySeconds} seconds`, runOnce } satisfies Sweep<unknown, never>
})
