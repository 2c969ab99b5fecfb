// SignIns in memory: refresh token families, one-time codes and test numbers, a file for each.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { makeAuthSessions } from "./auth-sessions.memory.ts"
import { makeOneTimeCodes } from "./one-time-codes.memory.ts"
import { makeTestNumbers } from "./test-numbers.memory.ts"

export const layer = Layer.effect(SignIns)(Effect.gen(function*() {
  return SignIns.of({
    ...(yield* makeAuthSessions),
    ...(yield* makeOneTimeCodes),
    ...(yield* makeTestNumbers)
  })
}))
