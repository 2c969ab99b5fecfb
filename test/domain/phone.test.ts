// What is a phone, and what proving one means for a customer.
import { assert, describe, it } from "@effect/vitest"
import { isPhone, type ProvingCustomer, proofOf } from "../../src/domain/phone.ts"

const phone = "+6281300000001"
const customer = (id: string, more: Partial<ProvingCustomer> = {}): ProvingCustomer => ({
  id,
  phone: null,
  belongs_to: null,
  ...more
})

describe("a proven phone", () => {
  const owner = customer("owner", { phone })

  it.each<[string, ProvingCustomer | null, ProvingCustomer | null, object]>([
    ["that is free becomes theirs", customer("a"), null, { _tag: "Proven" }],
    ["that is theirs stays theirs", owner, owner, { _tag: "Proven" }],
    ["of another makes them belong there", customer("a"), owner, { _tag: "BelongsTo", customer_id: "owner" }],
    [
      "of the one they belong to changes nothing",
      customer("a", { belongs_to: "owner" }),
      owner,
      { _tag: "BelongsTo", customer_id: "owner" }
    ],
    ["of a third is the wrong flow", customer("a", { belongs_to: "b" }), owner, { _tag: "WrongFlow" }],
    ["that is free, but they belong to somebody", customer("a", { belongs_to: "b" }), null, {
      _tag: "WrongFlow"
    }],
    ["besides another phone of theirs", customer("a", { phone: "+6281300000002" }), null, {
      _tag: "WrongFlow"
    }],
    ["for nobody", null, null, { _tag: "WrongFlow" }]
  ])("%s", (_, account, has, proof) => {
    assert.deepStrictEqual(proofOf(account, has, phone), proof)
  })
})

describe("a phone", () => {
  it("is E.164 and nothing else", () => {
    for (const good of ["+6281300000001", "+1234567", "+390612345678"]) assert.isTrue(isPhone(good), good)
    for (const bad of ["081300000001", "+0813", "+62 813", "+62813000000012345", "+6281300000001\n", ""]) {
      assert.isFalse(isPhone(bad), JSON.stringify(bad))
    }
  })

  it("has one spelling behind +62: no national zero, no second 62, a mobile number", () => {
    assert.isTrue(isPhone("+6281311112222"))
    for (const bad of ["+62081311112222", "+6262813111122", "+6221123456", "+62112"]) {
      assert.isFalse(isPhone(bad), bad)
    }
  })
})
