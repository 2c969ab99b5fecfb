// A call of a member of staff: repeated until it is known what became of it, and after the password was given
// once more where that is wanted.
import * as Effect from "effect/Effect"
import { Refused } from "./connection.ts"
import type { PhoneApp } from "./phone-app.ts"
import { adminPassword } from "./seed-data.ts"

const patienceMs = 60_000

/** What is heavy asks for the password again, five minutes after it was given. */
export const tryTo = ({ app }: { readonly app: PhoneApp }, tag: string, payload: object) =>
  app.call(tag, payload, patienceMs).pipe(
    Effect.catchIf(
      (failure) => failure instanceof Refused && failure.code === "STEP_UP_REQUIRED",
      () =>
        Effect.andThen(
          app.call("admin.step_up", { password: adminPassword, code: null }, patienceMs),
          app.call(tag, payload, patienceMs)
        )
    ),
    Effect.catch(() => Effect.succeed(null))
  )
