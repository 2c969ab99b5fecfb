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
  /** How many commands each chat has had from this client. */
  readonly commands: Map<string, number>
  /** For what nobody else's draws may depend on. */
  readonly chances: Prng
}

/**
 * The id of a command of this chat. An app's ids are its own business, so that two people's may be equal: a
 * share of the clients counts from one in every chat.
 */
export const commandOf = (client: Client, session_id: string) => {
  const { app, commands, workload } = client
  const count = (commands.get(session_id) ?? 0) + 1
  commands.set(session_id, count)
  const counts = app.prng.split("counts commands").chance(workload.shares_ids_share)
  return { command_id: counts ? `command-${count}` : app.newId(), session_id }
}

/** So long until the frame arrives about the instant `at_ms`: before it, at it, or after it. */
export const untilTheTick = ({ context, chances }: Client, at_ms: number): number =>
  at_ms - context.world.time.now_ms - chances.between(0, 130)

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
