// What every Accounts adapter must do when customers prove phones: one phone, one customer, also when several
// prove it at once.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { atOnce, idOf, t0, times } from "./given.ts"

const phone = "+6281300000001"
const other = "+6281300000002"

const anonymous = (n: number) =>
  Effect.flatMap(
    Accounts,
    (accounts) =>
      accounts.createCustomer({ id: idOf(n), call_name: `Guest ${n}`, phone: null, created_at: t0 })
  )

const prove = (n: number, proven = phone) =>
  Effect.flatMap(Accounts, (accounts) => accounts.provePhone(idOf(n), proven))

const standingOf = (n: number) =>
  Effect.map(Effect.flatMap(Accounts, (accounts) => accounts.findCustomer(idOf(n))), (customer) => [
    customer?.phone,
    customer?.belongs_to
  ])

export const peoplePhones = (name: string, layer: Layer.Layer<Accounts>) =>
  describe(`People who prove phones (${name})`, () => {
    const test = (title: string, body: Effect.Effect<void, unknown, Accounts>) =>
      it.live(title, () => Effect.provide(body, layer))

    test(
      "a phone nobody has becomes the anonymous customer's, once and again",
      Effect.gen(function*() {
        yield* anonymous(1)
        assert.deepStrictEqual(yield* prove(1), { _tag: "Proven" })
        assert.deepStrictEqual(yield* prove(1), { _tag: "Proven" })
        assert.deepStrictEqual(yield* standingOf(1), [phone, null])
        assert.strictEqual((yield* (yield* Accounts).findCustomerByPhone(phone))?.id, idOf(1))
        assert.isNull(yield* (yield* Accounts).findCustomerByPhone(other))
      })
    )

    test(
      "another customer's phone makes the anonymous account belong to that one, once and again",
      Effect.gen(function*() {
        yield* anonymous(1)
        yield* anonymous(2)
        yield* prove(1)
        assert.deepStrictEqual(yield* prove(2), { _tag: "BelongsTo", customer_id: idOf(1) })
        assert.deepStrictEqual(yield* prove(2), { _tag: "BelongsTo", customer_id: idOf(1) })
        assert.deepStrictEqual(yield* standingOf(2), [null, idOf(1)])
        assert.deepStrictEqual(yield* standingOf(1), [phone, null])
      })
    )

    test(
      "a second phone, for an account that has one or belongs to somebody, changes nothing",
      Effect.gen(function*() {
        yield* anonymous(1)
        yield* anonymous(2)
        yield* prove(1)
        yield* prove(2)
        assert.deepStrictEqual(yield* prove(1, other), { _tag: "WrongFlow" })
        assert.deepStrictEqual(yield* prove(2, other), { _tag: "WrongFlow" })
        assert.deepStrictEqual(yield* prove(9, other), { _tag: "WrongFlow" })
        assert.deepStrictEqual(yield* standingOf(1), [phone, null])
        assert.deepStrictEqual(yield* standingOf(2), [null, idOf(1)])
        assert.isNull(yield* (yield* Accounts).findCustomerByPhone(other))
      })
    )

    test(
      "of many who prove one phone at once, one has it and all others belong to that one",
      Effect.gen(function*() {
        yield* Effect.forEach(times(6), (n) => anonymous(n + 1))
        const proofs = yield* atOnce(times(6).map((n) => prove(n + 1)))
        assert.lengthOf(proofs.filter((proof) => proof._tag === "Proven"), 1)
        const owner = idOf(proofs.findIndex((proof) => proof._tag === "Proven") + 1)
        for (const proof of proofs.filter((one) => one._tag !== "Proven")) {
          assert.deepStrictEqual(proof, { _tag: "BelongsTo", customer_id: owner })
        }
      })
    )

    test(
      "one customer who proves two phones at once gets one of them",
      Effect.gen(function*() {
        yield* anonymous(1)
        const proofs = yield* atOnce([prove(1, phone), prove(1, other)])
        assert.deepStrictEqual(proofs.map((proof) => proof._tag).toSorted(), ["Proven", "WrongFlow"])
      })
    )
  })
