// What simulated people do about themselves and those they met: they look where they are signed in, and end
// what they do not know. Drawn apart from everything else they decide.
import * as Effect from "effect/Effect"
import type { Answer } from "./connection.ts"
import { type Client, tryTo } from "./client.ts"

/** Of visits in which somebody opens that page of the app. */
const looksShare = 0.1

/** Every sign-in but the one of this phone is ended. */
export const looksAtSignIns = Effect.fnUntraced(function*(client: Client) {
  if (!client.app.prng.split("sign-ins").chance(looksShare)) return
  const found = yield* tryTo(client, "auth.sign_ins", {}, 20_000)
  const others: ReadonlyArray<Answer> = (found?.["sign_ins"] ?? []).filter((one: Answer) =>
    !one["is_this_one"]
  )
  for (const { sign_in_id } of others) yield* tryTo(client, "auth.end_sign_in", { sign_in_id }, 20_000)
})
