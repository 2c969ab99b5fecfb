// Pushes: what a phone whose app is closed is told, and how often it is tried. The text is generic, because
// a lock screen shows it to any bystander. What it is about travels as ids.
import { growingPause } from "./growing-pause.ts"

/** About a session: written by its turns. */
export const sessionPushKinds = ["offer", "paired", "message", "extension", "closing"] as const
export type SessionPushKind = (typeof sessionPushKinds)[number]

export const pushKinds = [...sessionPushKinds, "sign_in"] as const
export type PushKind = (typeof pushKinds)[number]

export interface PushText {
  readonly title: string
  readonly body: string
}

export const pushTexts: Readonly<Record<PushKind, PushText>> = {
  offer: { title: "Somebody wants to talk", body: "Open the app to answer." },
  paired: { title: "Your bestie is here", body: "Your chat has begun." },
  message: { title: "New message", body: "Open the app to read it." },
  extension: { title: "More time?", body: "Please say yes or no." },
  closing: { title: "Your chat is ending", body: "There is time left to say goodbye." },
  sign_in: { title: "New sign-in to your account", body: "If this was not you, open the app now." }
}

/** An open app takes a message in within this time; messages that follow quickly share one push. */
export const messagePushDelayMs = 2000
/** For so long an unfetched message is worth a push. */
export const messagePushLifeMs = 3_600_000

/** Who signs in on the phone in their hand registers its push token meanwhile, and is not told. */
export const signInPushDelayMs = 15_000
/** A phone that was off for a day still hears that somebody else signed in. */
export const signInPushLifeMs = 86_400_000

/** A socket that is open now may be gone in a moment: so soon is looked again. */
export const checkAgainMs: Readonly<Record<SessionPushKind, number>> = {
  offer: 5000,
  paired: 15_000,
  message: 15_000,
  extension: 3000,
  closing: 15_000
}
/** Longer than it takes to notice that a silent phone is gone (45 s): an open socket is believed then. */
export const checkingMaxMs = 60_000

export const pushAttemptsMax = 6
const firstRetryMs = 2000
const retryMaxMs = 120_000

/** How long to wait after the nth failed attempt. `spread` is between 0 and 1: not all come back at once. */
export const retryAfterMs = (attempts: number, spread: number): number => {
  const whole = growingPause(attempts - 1, firstRetryMs, retryMaxMs)
  return Math.round(whole * (0.5 + spread / 2))
}

/** The same event pushed again replaces itself on the phone, and so do messages of one chat. */
export const collapseId = (kind: PushKind, sessionId: string | null): string =>
  sessionId === null ? kind : `${kind}.${sessionId}`
