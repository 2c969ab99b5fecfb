// What simulated people do about themselves and those they met: they look where they are signed in and end
// what they do not know, block and report whom they did not like, and staff decide. Drawn apart from
// everything else.
import * as Effect from "effect/Effect"
import type { Answer } from "./connection.ts"
import { type Client, tryTo } from "./client.ts"

/** Of visits in which somebody opens that page of the app. */
const looksShare = 0.1

/** Of visits after which somebody leaves for good, with all their data in a file or without. */
const leavesShare = 0.01

/** At the end of a visit. Refused while an order is open: then they think no more of it. */
export const leavesForGood = Effect.fnUntraced(function*(client: Client) {
  const prng = client.app.prng.split("leaving")
  if (!prng.chance(leavesShare)) return false
  if (prng.chance(0.5)) {
    let cursor: string | null = null
    do {
      const page: Answer | null = yield* tryTo(client, "account.export", { cursor }, 20_000)
      cursor = page?.["next"] ?? null
    } while (cursor !== null)
  }
  return (yield* tryTo(client, "customer.delete_account", {}, 20_000)) !== null
})

/** Every sign-in but the one of this phone is ended. */
export const looksAtSignIns = Effect.fnUntraced(function*(client: Client) {
  if (!client.app.prng.split("sign-ins").chance(looksShare)) return
  const found = yield* tryTo(client, "auth.sign_ins", {}, 20_000)
  const others: ReadonlyArray<Answer> = (found?.["sign_ins"] ?? []).filter((one: Answer) =>
    !one["is_this_one"]
  )
  for (const { sign_in_id } of others) yield* tryTo(client, "auth.end_sign_in", { sign_in_id }, 20_000)
})

/** Of chats after which somebody does not want to meet the other again. */
const blocksShare = 0.03

/** After a chat, from either side: mostly nothing. Whoever blocks may think better of it. */
export const thinksOfIt = Effect.fnUntraced(function*(client: Client, session_id: string) {
  const prng = client.app.prng.split(`thinks of ${session_id}`)
  if (!prng.chance(blocksShare)) return
  if (prng.chance(0.5)) {
    const command = { command_id: client.app.newId(), session_id }
    const words = { reason: prng.chance(0.5) ? "spam" : "harassment", words: "the simulation wants it so" }
    yield* tryTo(client, "trust.report", { ...command, ...words, also_block: prng.chance(0.5) }, 20_000)
  } else yield* tryTo(client, "trust.block", { session_id }, 20_000)
  const made = yield* tryTo(client, "trust.blocks", {}, 20_000)
  const [newest] = (made?.["blocks"] ?? []) as ReadonlyArray<Answer>
  if (newest === undefined || !prng.chance(0.3)) return
  yield* tryTo(client, "trust.unblock", { block_id: newest["block_id"] }, 20_000)
})

/** Of staff: they read what was reported, and decide; a pause is lifted soon, or nobody would be left. */
export const decidesCases = Effect.fnUntraced(function*({ app }: Pick<Client, "app">) {
  const ask = (tag: string, payload: object) =>
    app.call(tag, payload, 60_000).pipe(Effect.catch(() => Effect.succeed(null)))
  const found = yield* ask("admin.cases", { open: true, before: null, limit: 20 })
  for (const { case_id } of (found?.["cases"] ?? []) as ReadonlyArray<Answer>) {
    const read = yield* ask("admin.case", { case_id })
    if (read === null) continue
    const resolution = app.prng.split(`case ${case_id}`).pick(["dismissed", "warned", "paused"])
    yield* ask("admin.case_resolve", { case_id, resolution, note: "the simulation" })
    const [user_type, user_id] = read["by_side"] === "customer"
      ? ["mitra", read["mitra_id"]]
      : ["customer", read["customer_id"]]
    yield* ask("admin.pause_lift", { user_type, user_id })
    // Staff have no right to it: who may is the admins' business.
    if (app.prng.split(`leaving ${case_id}`).chance(0.1)) {
      yield* ask("admin.mitra_delete", { command_id: app.newId(), mitra_id: read["mitra_id"] })
    }
  }
})
