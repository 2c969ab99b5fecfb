// Keys derived from one secret: one per purpose, none of them the secret, and two of each while it is
// replaced.
import { assert, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import {
  beforeTheirOwn,
  derivedKeys,
  derivedSecrets,
  withTheirOwn
} from "../../../src/layers/platform/derived-keys.ts"

const secrets = Redacted.make("the-new-secret, the-old-secret")

it("a secret gives each purpose a key of its own, the same one on every runner", () => {
  const runners = derivedSecrets(secrets, "runners")
  assert.strictEqual(Redacted.value(runners), Redacted.value(derivedSecrets(secrets, "runners")))
  assert.notStrictEqual(Redacted.value(runners), Redacted.value(derivedSecrets(secrets, "bus")))
  assert.notInclude(Redacted.value(runners), "secret")
})

it("each key is known by a name that is not the key", () => {
  const keys = derivedKeys(secrets, "runners")
  assert.strictEqual(keys.length, 2)
  assert.strictEqual(new Set(keys.map(({ name }) => name)).size, 2)
  for (const { bytes, name } of keys) assert.notInclude(Buffer.from(bytes).toString("hex"), name)
})

it("between two versions the secrets themselves count as well, before or behind", () => {
  const derived = Redacted.value(derivedSecrets(secrets, "phone tokens"))
  assert.strictEqual(
    Redacted.value(withTheirOwn(secrets, "phone tokens")),
    `${Redacted.value(secrets)},${derived}`
  )
  assert.strictEqual(
    Redacted.value(beforeTheirOwn(secrets, "phone tokens")),
    `${derived},${Redacted.value(secrets)}`
  )
})
