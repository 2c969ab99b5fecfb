// Accounts on real processes: signing out reaches every runner, keys can be rotated, codes come through the
// provider, and staff are let in and out.
import { assert, describe, it, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Phone, sleep } from "../../testkit/phone.mjs"
import { httpDouble } from "../support/http-double.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { seedDatabase, type ServerProcess, startRunner, startServer } from "../support/server-process.ts"
import { customer, type Person } from "./people.ts"
import { adminCall, signInAdmin } from "./staff.ts"

const phoneNumber = "+6281300000001"
const proofOf = (phone: string) => ({ phone, user_type: "customer", code: "000000" })
const proof = proofOf(phoneNumber)

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => "no error", (error: Error & { code?: string }) => error.code ?? error.message)

const seeded = Effect.tap(freshDatabaseUrl, seedDatabase)

/** Connected and signed in with a token that exists. */
const withToken = async (server: ServerProcess, token: string): Promise<Phone> => {
  const phone = new Phone(server.socketUrl)
  await phone.connect(token)
  await phone.subscribe()
  return phone
}

/** The same person once more, by phone, on another runner. */
const again = async (server: ServerProcess, number: string) => {
  const phone = new Phone(server.socketUrl)
  await phone.connect()
  const tokens = await phone.call("auth.verify_code", proofOf(number))
  await phone.authenticate(tokens.access_token)
  await phone.subscribe()
  return { phone, token: tokens.access_token as string, refresh: tokens.refresh_token as string }
}

/** Sari with a proven phone on `a`, the same sign-in on `b`, and a second sign-in on `b`. */
const sariTwice = async (a: ServerProcess, b: ServerProcess, number: string) => {
  const sari: Person = await customer(a)
  await sari.phone.call("auth.verify_code", proofOf(number))
  return { sari, elsewhere: await withToken(b, sari.token), other: await again(b, number) }
}

const closedWithin = async (
  phones: ReadonlyArray<Phone>,
  ms: number
): Promise<ReadonlyArray<number | null>> => {
  const until = performance.now() + ms
  while (performance.now() < until && phones.some((phone) => phone.closed === null)) {
    await sleep(10)
  }
  return phones.map((phone) => phone.closed?.code ?? null)
}

const twoRunners = Effect.flatMap(
  seeded,
  (url) => Effect.all([startRunner(url), startRunner(url)], { concurrency: 2 })
)

/** Their tests meet other people each. */
class Runners extends Context.Service<Runners, Effect.Success<typeof twoRunners>>()("test/Runners") {}

layer(Layer.effect(Runners)(twoRunners), { timeout: "60 seconds", excludeTestServices: true })(
  "two runners",
  (it) => {
    describe("signing out", () => {
      it.effect(
        "everywhere closes the person's sockets on every runner within a second",
        () =>
          Effect.gen(function*() {
            const [a, b] = yield* Runners
            yield* Effect.promise(async () => {
              const budi = await customer(b, "Budi")
              const { elsewhere, other, sari } = await sariTwice(a, b, phoneNumber)
              assert.deepStrictEqual(await sari.phone.call("auth.sign_out", { everywhere: true }), {
                signed_out: true
              })
              assert.deepStrictEqual(await closedWithin([sari.phone, elsewhere, other.phone], 1000), [
                4503,
                4503,
                4503
              ])
              assert.isNull(budi.phone.closed)
              for (const token of [sari.token, other.token]) {
                assert.include(await codeOf(new Phone(b.socketUrl).connect(token)), "401")
              }
              const renewed = budi.phone.call("auth.refresh", { refresh_token: other.refresh })
              assert.strictEqual(await codeOf(renewed), "REFRESH_INVALID")
              budi.phone.hangUp()
            })
          }),
        120_000
      )

      it.effect(
        "here closes only the sockets of that sign-in, wherever they are",
        () =>
          Effect.gen(function*() {
            const [a, b] = yield* Runners
            yield* Effect.promise(async () => {
              const { elsewhere, other, sari } = await sariTwice(a, b, "+6281300000003")
              await elsewhere.call("auth.sign_out", { everywhere: false })
              assert.deepStrictEqual(await closedWithin([sari.phone, elsewhere], 1000), [4503, 4503])
              assert.isNull(other.phone.closed)
              await other.phone.call("customer.pricing", {})
              other.phone.hangUp()
            })
          }),
        120_000
      )
    })

    describe("staff", () => {
      it.effect(
        "come in with a role, may do what it says, and are out at once when deactivated",
        () =>
          Effect.gen(function*() {
            const [server] = yield* Runners
            yield* Effect.promise(async () => {
              const admin = await signInAdmin(server)
              const who = { email: "viewer@halobestie.local", password: "a-long-password" }
              const made = await adminCall(server, admin, "admin.staff_create", { ...who, role: "viewer" })
              const { access_token } = await adminCall(server, null, "admin.sign_in", who)
              const desk = new Phone(`${server.internalUrl.replace("http", "ws")}/ws`)
              await desk.connect(access_token)
              assert.strictEqual((await desk.call("admin.live_counts", {})).active, 0)
              const mitra = { display_name: "Dara", phone: "+628110000009" }
              assert.strictEqual(await codeOf(desk.call("admin.mitra_create", mitra)), "FORBIDDEN")
              assert.include(
                await codeOf(adminCall(server, access_token, "admin.mitra_create", mitra)),
                "FORBIDDEN"
              )
              assert.strictEqual(await codeOf(desk.call("admin.staff_list", {})), "FORBIDDEN")

              await adminCall(server, admin, "admin.staff_set_active", {
                staff_id: made.staff_id,
                is_active: false
              })
              assert.deepStrictEqual(await closedWithin([desk], 1000), [4503])
              assert.include(
                await codeOf(adminCall(server, access_token, "admin.live_counts", {})),
                "TOKEN_INVALID"
              )
              assert.include(
                await codeOf(adminCall(server, null, "admin.sign_in", who)),
                "CREDENTIALS_INVALID"
              )

              const dara = await adminCall(server, admin, "admin.mitra_create", mitra)
              const phone = new Phone(server.socketUrl)
              await phone.connect()
              const hers = await phone.call("auth.verify_code", { ...proof, ...mitra, user_type: "mitra" })
              assert.strictEqual(hers.user_id, dara.mitra_id)
              phone.hangUp()
            })
          }),
        120_000
      )
    })
  }
)

describe("rotating the signing key", () => {
  const oldKey = "the-old-key-of-more-than-32-characters"
  const newKey = "the-new-key-of-more-than-32-characters"

  /** A server with these keys, used by `story`, then stopped. */
  const runWith = <A>(url: string, keys: string, story: (server: ServerProcess) => Promise<A>) =>
    Effect.gen(function*() {
      const server = yield* startRunner(url, { AUTH_JWT_SECRET: keys })
      const told = yield* Effect.promise(() => story(server))
      assert.strictEqual(yield* server.end("SIGTERM"), 0, server.lines.join("\n"))
      return told
    })

  it.live(
    "signs nobody out: old tokens count until the old key goes, and a refresh outlives it",
    () =>
      Effect.gen(function*() {
        const url = yield* seeded
        const sari = yield* runWith(url, oldKey, async (server) => {
          const phone = new Phone(server.socketUrl)
          await phone.connect()
          return await phone.call("auth.sign_in_anonymous", { call_name: "Sari" })
        })
        const newer = yield* runWith(url, `${newKey}, ${oldKey}`, async (server) => {
          const phone = await withToken(server, sari.access_token)
          return await phone.call("auth.refresh", { refresh_token: sari.refresh_token })
        })
        yield* runWith(url, newKey, async (server) => {
          assert.include(await codeOf(new Phone(server.socketUrl).connect(sari.access_token)), "401")
          const phone = await withToken(server, newer.access_token)
          const latest = await phone.call("auth.refresh", { refresh_token: newer.refresh_token })
          assert.strictEqual(latest.user_id, sari.user_id)
        })
      }),
    120_000
  )
})

describe("codes", () => {
  it.live(
    "come through the provider when it is switched on, and only those count",
    () =>
      Effect.gen(function*() {
        const { asked, url } = yield* httpDouble(() => ({ status: 200, body: { status: true } }))
        const environment = {
          FAZPASS_ENABLED: "true",
          FAZPASS_KEY: "wa,sms",
          FAZPASS_MERCHANT: "merchant",
          FAZPASS_URL: url
        }
        const server = yield* Effect.flatMap(
          freshDatabaseUrl,
          (database) => startServer(database, environment)
        )
        yield* Effect.promise(async () => {
          const token = await signInAdmin(server)
          await adminCall(server, token, "admin.test_number_put", { phone: phoneNumber, code: "424242" })
          assert.isFalse((await adminCall(server, token, "admin.test_numbers", {})).is_effective)
          const sari = await customer(server)
          await sari.phone.call("auth.request_code", { phone: phoneNumber, user_type: "customer" })
          assert.lengthOf(asked, 1)
          const code: string = asked[0]?.body.otp
          assert.isFalse(
            server.lines.some((line) => line.includes(code)),
            "no code in the log"
          )
          const tokens = await sari.phone.call("auth.verify_code", { ...proof, code })
          assert.strictEqual(tokens.user_id, sari.id)
          sari.phone.hangUp()
        })
      }),
    120_000
  )

  it.live(
    "are sent and logged by nobody in production without a provider; test numbers have theirs",
    () =>
      Effect.gen(function*() {
        const production = {
          NODE_ENV: "production",
          AUTH_JWT_SECRET: "a-secret-of-production-with-enough-characters",
          ADMIN_EMAIL: "admin@halobestie.local",
          ADMIN_PASSWORD: "not the one it was seeded with"
        }
        const server = yield* Effect.flatMap(
          freshDatabaseUrl,
          (database) => startServer(database, production)
        )
        yield* Effect.promise(async () => {
          const token = await signInAdmin(server)
          const number = { phone: phoneNumber, code: "424242" }
          await adminCall(server, token, "admin.test_number_put", number)
          const sari = await customer(server)
          const another = { phone: "+6281300000002", user_type: "customer" }
          assert.strictEqual(
            await codeOf(sari.phone.call("auth.request_code", another)),
            "OTP_PROVIDER_FAILED"
          )
          assert.isFalse(server.lines.some((line) => line.includes("OTP for")), server.lines.join("\n"))
          const devCode = sari.phone.call("auth.verify_code", { ...proof, code: "000000" })
          assert.strictEqual(await codeOf(devCode), "WRONG_FLOW")
          await sari.phone.call("auth.request_code", { phone: phoneNumber, user_type: "customer" })
          const tokens = await sari.phone.call("auth.verify_code", { ...proof, code: number.code })
          assert.strictEqual(tokens.user_id, sari.id)
          sari.phone.hangUp()
        })
      }),
    120_000
  )
})
