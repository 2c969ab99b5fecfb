// Nothing a real phone does is refused (docs/security.md): paid chats and a reconnect storm of phones that
// share a few addresses, as behind a carrier's NAT, on a server that counts addresses as production does.
// Accounts are made over minutes, as people come; all come back at once. One refusal makes the exit code 1.
// `npm run bench -- crowd [chats] [phones] [addresses]`; the whole is `crowd 1000 5000 20`.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ConnectionLost, Phone, reconnectDelayMs, sleep } from "../testkit/phone.mjs"
import { freePorts, seedDatabase, spawnRunner, whenReady } from "../test/support/server-process.ts"
import { commandId, pay } from "../test/system/people.ts"
import { adminCall, signInAdmin } from "../test/system/staff.ts"
import { median } from "./measuring.ts"
import { benchDatabase } from "./postgres.ts"

const chatsPerMitra = 3
const messagesPerSide = 3
/** So many people do something at the same time. */
const signUpsAtOnce = 8
/** Of one address: a hundred new accounts a minute are a busy town, and below the limit of 120. */
const signUpEveryMs = 600

const numberAt = (index: number, otherwise: number): number => Number(process.argv[index] ?? otherwise)

/** One trusted proxy in front, as it would say where a phone came from. */
const addressOf = (n: number, addresses: number): Record<string, string> => ({
  "x-forwarded-for": `203.0.113.${(n % addresses) + 1}`
})

const inTurn = async (count: number, atOnce: number, one: (n: number) => Promise<unknown>): Promise<void> => {
  let next = 0
  const work = async () => {
    while (next < count) await one(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}

const triesMax = 12

/** Asks again, with the same ids, when no answer came in time: phones and server share a machine here. */
const persistently = async <A>(ask: () => Promise<A>): Promise<A> => {
  for (let attempt = 1;; attempt += 1) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof ConnectionLost) || attempt === triesMax) throw error
    }
  }
}

const nextSignUp = new Map<string, number>()

/** Waits until this address may have another new account. */
const signUpTurn = async (headers: Record<string, string>): Promise<void> => {
  const address = headers["x-forwarded-for"]!
  const now = performance.now()
  const at = Math.max(now, nextSignUp.get(address) ?? now)
  nextSignUp.set(address, at + signUpEveryMs)
  await sleep(at - now)
}

interface Signed {
  readonly phone: Phone
  readonly token: string
  readonly headers: Record<string, string>
}

const signedUp = async (url: string, n: number, addresses: number): Promise<Signed> => {
  const headers = addressOf(n, addresses)
  await signUpTurn(headers)
  const phone = new Phone(url, headers)
  await phone.connect()
  const call_name = `Phone ${n}`
  const { access_token } = await persistently(() => phone.call("auth.sign_in_anonymous", { call_name }))
  await persistently(() => phone.authenticate(access_token))
  await persistently(() => phone.subscribe())
  return { phone, token: access_token, headers }
}

/** As the app comes back: a moment later, then later and later. */
const comeBack = async (phone: Phone, token: string): Promise<number> => {
  for (let attempt = 0;; attempt += 1) {
    await sleep(reconnectDelayMs({ code: 1006, reason: "" }, attempt) ?? 0)
    try {
      await phone.connect(token)
      await phone.subscribe()
      return attempt
    } catch (error) {
      if (attempt + 1 === triesMax) throw error
      phone.cut()
    }
  }
}

/** All connections of a whole town are lost in one moment. */
const storm = async (url: string, town: ReadonlyArray<Signed>): Promise<void> => {
  const began = performance.now()
  for (const { phone } of town) phone.cut()
  const back: Array<number> = []
  let again = 0
  const returned = await Promise.all(town.map(async ({ headers, token }) => {
    const phone = new Phone(url, headers)
    again += await comeBack(phone, token)
    back.push(performance.now() - began)
    return phone
  }))
  for (const phone of returned) phone.hangUp()
  const inSeconds = (ms: number) => (ms / 1000).toFixed(1)
  console.log(
    `storm: ${back.length} back, half of them after ${inSeconds(median(back))} s, ` +
      `the last after ${inSeconds(Math.max(...back))} s, ${again} further tries`
  )
}

/** What limits refused, as the server's own metrics have it. */
const refusals = async (internalUrl: string): Promise<ReadonlyArray<string>> => {
  const text = await (await fetch(`${internalUrl}/metrics`)).text()
  return text.split("\n").filter((line) =>
    line.startsWith("halobestie_limit_refusals_total{") && !line.endsWith(" 0")
  )
}

const phoneNumber = (n: number): string => `+62812${String(1_000_000 + n)}`

const besties = async (
  server: { readonly socketUrl: string },
  call: (tag: string, payload: object) => Promise<unknown>,
  count: number,
  addresses: number
): Promise<ReadonlyArray<Phone>> => {
  const phones: Array<Phone> = []
  await inTurn(count, signUpsAtOnce, async (n) => {
    await call("admin.mitra_create", { display_name: `Bestie ${n}`, phone: phoneNumber(n) })
    const phone = new Phone(server.socketUrl, addressOf(n, addresses))
    await phone.connect()
    const who = { phone: phoneNumber(n), user_type: "mitra" }
    const { access_token } = await phone.call("auth.verify_code", { ...who, code: "000000" })
    await phone.authenticate(access_token)
    await phone.subscribe()
    await phone.call("mitra.go_online", { command_id: commandId() })
    phone.keepBeating(10)
    phones.push(phone)
  })
  return phones
}

/** Looks at her screen every second or so, and accepts what is still on it: most is taken by then. */
const acceptAll = async (mitra: Phone, isOver: () => boolean): Promise<void> => {
  const onScreen = new Set<string>()
  let seen = 0
  while (!isOver()) {
    await sleep(100 + Math.random() * 1_500)
    for (; seen < mitra.log.length; seen += 1) {
      const { event } = mitra.log[seen]!
      if (event._tag === "offer") onScreen.add(event.offer.session_id)
      if (event._tag === "offer_closed") onScreen.delete(event.session_id)
    }
    for (const session_id of onScreen) {
      onScreen.delete(session_id)
      await mitra.call("mitra.accept", { command_id: commandId(), session_id }).catch(() => undefined)
    }
  }
}

const isPaired = (event: { _tag: string; fact?: { kind: string } }) =>
  event._tag === "session" && event.fact?.kind === "paired"

export const bench = Effect.scoped(Effect.gen(function*() {
  const [chats, phones, addresses] = [numberAt(3, 300), numberAt(4, 1_500), numberAt(5, 20)]
  const url = Redacted.value(yield* benchDatabase)
  yield* seedDatabase(url)
  const ports = yield* Effect.promise(() => freePorts())
  const server = yield* spawnRunner(url, ports, { TRUSTED_PROXY_HOPS: "1" })
  yield* whenReady(server)
  yield* Effect.promise(async () => {
    const token = await signInAdmin(server)
    const call = (tag: string, payload: object) => adminCall(server, token, tag, payload)
    let isOver = false
    const mitras = await besties(server, call, Math.ceil(chats / chatsPerMitra), addresses)
    for (const mitra of mitras) void acceptAll(mitra, () => isOver)
    console.log(`${mitras.length} besties online, from ${addresses} addresses`)

    const town: Array<Signed> = []
    const took: Array<number> = []
    const chatting = inTurn(chats, signUpsAtOnce, async (n) => {
      const signed = await signedUp(server.socketUrl, n, addresses)
      town.push(signed)
      await persistently(() => pay(server, signed, "chat_5"))
      const { event } = await signed.phone.event("paired", isPaired, 60_000)
      for (let message = 0; message < messagesPerSide; message += 1) {
        const began = performance.now()
        const payload = { session_id: event.session_id, client_message_id: commandId(), body: "hello" }
        await persistently(() => signed.phone.call("chat.send", payload))
        took.push(performance.now() - began)
      }
    })
    await Promise.all([
      chatting,
      inTurn(phones - chats, 2 * addresses, async (n) => {
        town.push(await signedUp(server.socketUrl, chats + n, addresses))
      })
    ])
    isOver = true
    console.log(`${chats} paid chats, acknowledgement p50 ${median(took).toFixed(1)} ms`)
    console.log(`${town.length} phones connected`)
    await storm(server.socketUrl, town)
    for (const mitra of mitras) mitra.hangUp()
    const refused = await refusals(server.internalUrl)
    console.log(refused.length === 0 ? "no limit refused anything" : refused.join("\n"))
    if (refused.length > 0) process.exitCode = 1
  })
}))
