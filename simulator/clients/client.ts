// A client: a simulated user with a phone, what customers and mitras have in common. Their behaviour runs in
// the app and dies with it; what must outlive the app (plans, unsent messages) is kept here.
import * as Effect from "effect/Effect"
import type { Prng } from "../kernel/prng.ts"
import type { RunContext } from "../simulation.ts"
import type { PhoneApp } from "./phone-app.ts"
import type { Answer } from "./connection.ts"
import type { Workload } from "./workload.ts"
import type { ClientSession } from "./client-state.ts"

export interface Client {
  readonly app: PhoneApp
  readonly side: "customer" | "mitra"
  readonly context: RunContext
  readonly workload: Workload
  /** For the client's decisions. */
  readonly prng: Prng
  /** True once the run winds down: no client begins anything new. */
  readonly isWindingDown: () => boolean
  /** Written but not known to be stored: sent again, with the same id, when the app is back. */
  readonly unsent: Map<string, { readonly client_message_id: string; readonly body: string }>
}

export const secondsAround = (client: Client, mean_s: number): number =>
  Math.min(client.prng.exponential(mean_s * 1000), mean_s * 5000)

/** Calls, and answers null for any failure: most users only see that it did not work. */
export const tryTo = (
  { app }: Client,
  tag: string,
  payload: object,
  withinMs?: number
): Effect.Effect<Answer | null> =>
  Effect.match(app.call(tag, payload, withinMs), {
    onFailure: () => null,
    onSuccess: (answer) => {
      if (answer !== null && typeof answer["status"] === "string" && "last_seq" in answer) {
        app.clientState.viewed(answer)
      }
      return answer
    }
  })

/** So that pushes find it while the app is closed. */
export const registerPhone = (client: Client): Effect.Effect<unknown> =>
  tryTo(client, "devices.register", { token: `phone of ${client.app.name}`, platform: "android" }, 20_000)

export type ChatPhase = "waiting" | "running" | "extending" | "closing" | "over"

const phaseAfterEvent: ReadonlyArray<readonly [string, ChatPhase]> = [
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

const phaseOfStatus: Readonly<Record<string, ChatPhase>> = {
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
export const phaseOf = (session: ClientSession): ChatPhase => {
  if (session.isOver) return "over"
  let phase = phaseOfStatus[session.view?.["status"]] ?? "waiting"
  let seen = session.view?.["last_seq"] ?? 0
  for (const [kind, after] of phaseAfterEvent) {
    const event = session.latest.get(kind)
    if (event === undefined || event.seq <= seen) continue
    seen = event.seq
    phase = after
  }
  return phase
}

/** The mitra of the chat, as this phone knows it: by the newest event that names her. */
export const mitraOf = (session: ClientSession): string | null => {
  const { latest, view } = session
  let [mitra, seen] = [view?.["mitra_id"] ?? null, view?.["last_seq"] ?? 0]
  for (const kind of ["paired", "rerouted"]) {
    const event = latest.get(kind)
    if (event === undefined || event.seq <= seen) continue
    ;[mitra, seen] = [event.fact["mitra_id"], event.seq]
  }
  return mitra
}

/** The newest event of this kind that this phone received. */
export const lastHeard = (session: ClientSession, kind: string) => session.latest.get(kind) ?? null
