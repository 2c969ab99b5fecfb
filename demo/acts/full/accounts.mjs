// An anonymous customer proves her phone, and a second anonymous account turns out to be hers. Then her
// refresh token is exchanged, a lost answer is forgiven, and a stolen old one ends the sign-in, sockets and
// all.
import { person } from "../../clients.mjs"
import { sleep } from "../../../testkit/phone.mjs"
import { check, refused, same, say, step } from "../../timeline.mjs"
import { newCustomer } from "./moves.mjs"

/** Longer than the grace in which a repeated refresh is a lost answer and no theft. */
const graceMs = 10_500

const proves = (customer, phone, code) =>
  customer.phone.call("auth.verify_code", { phone, user_type: "customer", code })

const upgrade = async (world) => {
  const phone = `+62813${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`
  const dewi = await newCustomer(world, "Dewi")
  const proven = await proves(dewi, phone, world.otpCode)
  same(
    [proven.user_id, proven.account_belongs_to],
    [dewi.tokens.user_id, null],
    "the anonymous account keeps its id and has a phone now"
  )
  say("Dewi", `proves ${phone}: the same account, which now has a phone`)

  const other = await newCustomer(world, "Dewi 2")
  const found = await proves(other, phone, world.otpCode)
  same(
    [found.user_id, found.account_belongs_to],
    [dewi.tokens.user_id, dewi.tokens.user_id],
    "the tokens are for the account that has the phone"
  )
  say("Dewi 2", "proves the same phone on a new device: the tokens are Dewi's, this account belongs to hers")
  world.dewi = dewi
}

const rotation = async (world) => {
  const { dewi } = world
  const old = dewi.tokens.refresh_token
  const next = await dewi.phone.call("auth.refresh", { refresh_token: old })
  check(next.refresh_token !== old, "each use gives a new refresh token")
  await dewi.phone.authenticate(next.access_token)
  say("Dewi", "exchanges her refresh token and goes on with the new one, on the same connection")
  const forgiven = await dewi.phone.call("auth.refresh", { refresh_token: old })
  same(forgiven.user_id, dewi.tokens.user_id, "a repeat within ten seconds is a lost answer")
  say("Dewi", "did not get an answer and repeats it at once: forgiven")
  world.refresh = { old, latest: forgiven.refresh_token, usedAt: performance.now() }
}

export const accounts = async (world) => {
  await step("an anonymous customer proves her phone", () => upgrade(world))
  await step("a refresh token is exchanged", () => rotation(world))
}

const reuse = async (world) => {
  const { dewi, refresh } = world
  await sleep(Math.max(0, graceMs - (performance.now() - refresh.usedAt)))
  const thief = person("thief", world.url)
  world.everybody.push(thief)
  await thief.phone.connect()
  await refused(
    thief.phone.call("auth.refresh", { refresh_token: refresh.old }),
    "REFRESH_REUSED",
    "an old refresh token is not forgiven for ever"
  )
  say("--", "somebody uses the old token later: REFRESH_REUSED, the whole sign-in is revoked")
  for (let waited = 0; dewi.phone.closed === null && waited < 1_000; waited += 20) await sleep(20)
  same(dewi.phone.closed?.code, 4503, "her socket is closed within a second")
  say("Dewi", "loses her connection within a second: 4503, she must sign in again")
  const after = await thief.phone.call("auth.refresh", { refresh_token: refresh.latest }).then(
    () => "new tokens",
    ({ code }) => code
  )
  check(
    ["REFRESH_INVALID", "REFRESH_REUSED"].includes(after),
    "the newest one is worth nothing either",
    after
  )
}

export const reusedToken = (world) => step("an old refresh token is used again", () => reuse(world))
