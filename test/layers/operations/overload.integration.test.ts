// Overload as this very process meets it: its event loop is held up, and then left alone again.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as OverloadOfProcess from "../../../src/layers/operations/overload.ts"
import { Overload } from "../../../src/services/platform/overload.ts"
import { sleep } from "../../../testkit/phone.mjs"

const heldUpMs = 300

const holdUp = () => {
  const until = performance.now() + heldUpMs
  while (performance.now() < until);
}

describe("a process whose event loop is held up", { timeout: 60_000 }, () => {
  it.live("has too much to do until it is left alone", () =>
    Effect.gen(function*() {
      const load = yield* Overload
      assert.isFalse(load.isTooMuch())
      yield* Effect.promise(async () => {
        while (!load.isTooMuch()) {
          holdUp()
          await sleep(1)
        }
        while (load.isTooMuch()) await sleep(50)
      })
    }).pipe(Effect.provide(OverloadOfProcess.layer)))
})
