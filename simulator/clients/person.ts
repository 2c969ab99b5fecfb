// Somebody with a phone: what customers and mitras have in common. Their lives are programs that run in the
// app and die with it; what must outlive it (plans, unsent messages) is kept here, as on paper.
import * as Effect from "effect/Effect"
import type { Dice } from "../kernel/prng.ts"
import type { Stage } from "../simulation.ts"
import type { App } from "./phone-app.ts"
import type { Answer } from "./connection.ts"
import type { Habits } from "./workload.ts"
import type { ToldSession } from "./client-state.ts"

export interface Person {
  readonly app: App
  readonly side: "customer" | "mitra"
  readonly stage: Stage
  readonly habits: Habits
  /** Of their decisions. */
  readonly dice: Dice
  /** True after business hours: nobody begins anything new. */
  readonly isSettled: () => boolean
  /** Written but not known to be stored: sent again, with the same id, when the app is back. */
  readonly unsent: Map<string, { readonly client_message_id: string; readonly body: string }>
}

export const secondsAround = (person: Person, mean_s: number): number =>
  Math.min(person.dice.exponential(mean_s * 1000), mean_s * 5000)

/** Asks, and keeps quiet about a no: most people only see that it did not work. */
export const tryTo = (
  { app }: Person,
  tag: string,
  payload: object,
  withinMs?: number
): Effect.Effect<Answer | null> =>
  Effect.match(app.call(tag, payload, withinMs), {
    onFailure: () => null,
    onSuccess: (answer) => {
      if (answer !== null && typeof answer["status"] === "string" && "last_seq" in answer) {
        app.told.viewed(answer)
      }
      return answer
    }
  })

/** So that pushes find it while the app is closed. */
export const registerPhone = (person: Person): Effect.Effect<unknown> =>
  tryTo(person, "devices.register", { token: `phone of ${person.app.name}`, platform: "android" }, 20_000)

export type Standing = "waiting" | "running" | "extending" | "closing" | "over"

const standingAfter: ReadonlyArray<readonly [string, Standing]> = [
  ["offers_sent", "waiting"],
  ["paired", "running"],
  ["rerouted", "running"],
  ["extension_requested", "extending"],
  ["session_resumed", "running"],
  ["closing", "closing"],
  ["completed", "over"],
  ["request_cancelled", "over"],
  ["pairing_failed", "over"]
]

const standingWith: Readonly<Record<string, Standing>> = {
  searching: "waiting",
  pending_acceptance: "waiting",
  active: "running",
  extending: "extending",
  closing: "closing",
  completed: "over",
  cancelled: "over",
  expired: "over"
}

/** As this phone knows it: the newest view it was given, and what it heard since. */
export const standingOf = (session: ToldSession): Standing => {
  if (session.isOver) return "over"
  let standing = standingWith[session.view?.["status"]] ?? "waiting"
  let seen = session.view?.["last_seq"] ?? 0
  for (const [kind, after] of standingAfter) {
    const event = session.latest.get(kind)
    if (event === undefined || event.seq <= seen) continue
    seen = event.seq
    standing = after
  }
  return standing
}

/** Whose chat it is, as this phone knows it: by the newest of what it was told. */
export const mitraOf = (session: ToldSession): string | null => {
  const { latest, view } = session
  let [mitra, seen] = [view?.["mitra_id"] ?? null, view?.["last_seq"] ?? 0]
  for (const kind of ["paired", "rerouted"]) {
    const event = latest.get(kind)
    if (event === undefined || event.seq <= seen) continue
    ;[mitra, seen] = [event.fact["mitra_id"], event.seq]
  }
  return mitra
}

/** The newest event of this kind that this phone heard. */
export const lastHeard = (session: ToldSession, kind: string) => session.latest.get(kind) ?? null
