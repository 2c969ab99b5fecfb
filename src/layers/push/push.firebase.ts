// Push through Firebase Cloud Messaging, with firebase-admin, which is loaded only here and only when it is
// configured. Every send has its time limit and ends in one of our answers; it makes one request, because a
// retry of the library's could go out after the offer it speaks of is over.
import type { Agent } from "node:https"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { SecureRandom } from "effect/crypto"
import type { App, Credential } from "firebase-admin/app"
import type { Message, Messaging } from "firebase-admin/messaging"
import * as RealTime from "../../services/platform/real-time.ts"
import { Push, type PushMessage, type PushResult } from "../../services/push/push.ts"
import { classify } from "./firebase-answers.ts"
import { oneRequest } from "./one-request.ts"

export interface FirebaseOptions {
  /** The key file of a service account that may send messages. */
  readonly service_account_path: string
  /** For tests: where https://fcm.googleapis.com and Google's token server are. */
  readonly agent?: Agent
  readonly send_max_ms?: number
}

const sendMaxMs = 5000

/** Nothing of the file is in the message: it holds a private key. */
export class FirebaseNotUsable extends Schema.TaggedError<FirebaseNotUsable>()("FirebaseNotUsable", {
  message: Schema.String
}) {}

const notUsable = (path: string, error: unknown) =>
  new FirebaseNotUsable({
    message: `FIREBASE_SERVICE_ACCOUNT_PATH is not usable: ${path} (${
      error instanceof Error && "code" in error ? String(error.code) : "not a service account file"
    })`
  })

const seconds = (ms: number): number => Math.floor(ms / 1000)

const messageOf = (message: PushMessage): Message => ({
  token: message.token,
  notification: { title: message.title, body: message.body },
  data: { ...message.data },
  android: {
    priority: "high",
    // Whole seconds, and never more than is left.
    ttl: seconds(message.ttl_ms) * 1000,
    collapseKey: message.collapse_id,
    notification: { tag: message.collapse_id }
  },
  apns: {
    headers: {
      "apns-priority": "10",
      "apns-expiration": String(seconds(message.expires_at)),
      "apns-collapse-id": message.collapse_id
    },
    payload: { aps: { sound: "default" } }
  }
})

interface Opened {
  readonly app: App
  readonly credential: Credential
  readonly messaging: Messaging
}

/** When the send timed out while the access token was fetched, nothing may go out afterwards. */
const sendUnlessLate = async ({ credential, messaging }: Opened, message: Message, late: AbortSignal) => {
  await credential.getAccessToken()
  late.throwIfAborted()
  return await messaging.send(message)
}

const openApp = (options: FirebaseOptions, name: string) =>
  Effect.tryPromise({
    try: async (): Promise<Opened> => {
      const { cert, initializeApp } = await import("firebase-admin/app")
      const { getMessaging } = await import("firebase-admin/messaging")
      const agent = options.agent === undefined ? {} : { httpAgent: options.agent }
      // By its path: of a file that was read already the library forgets the agent.
      const credential = cert(options.service_account_path, options.agent)
      const app = initializeApp({ credential, ...agent }, name)
      return { app, credential, messaging: getMessaging(app) }
    },
    catch: (error) => notUsable(options.service_account_path, error)
  })

const close = (app: App) =>
  Effect.ignore(Effect.tryPromise(async () => (await import("firebase-admin/app")).deleteApp(app)))

export const layer = (options: FirebaseOptions) =>
  Layer.effect(Push)(Effect.gen(function*() {
    const name = yield* (yield* SecureRandom.SecureRandom).uuidV4()
    const opened = yield* Effect.acquireRelease(openApp(options, name), ({ app }) => close(app))
    const once = yield* oneRequest
    const sent: PushResult = { _tag: "Sent" }
    return Push.of({
      provider: "firebase",
      send: (message) =>
        Effect.tryPromise((late) => once(() => sendUnlessLate(opened, messageOf(message), late), late)).pipe(
          Effect.map((id): PushResult =>
            typeof id === "string" ? sent : { _tag: "Failed", code: "not_their_answer" }
          ),
          Effect.catch((error) => Effect.succeed(classify(error.cause))),
          // Whether it was sent is unknown; a second one replaces the first on the phone.
          RealTime.timeoutOrElse({
            duration: Duration.millis(options.send_max_ms ?? sendMaxMs),
            orElse: () => Effect.succeed<PushResult>({ _tag: "Failed", code: "no_answer" })
          })
        )
    })
  }))
