// Handlers of one's own data: all of it page by page, and its end. What an end takes away at once, and what
// follows, is PersonalData's; here its sockets are told.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { AccountRpcs } from "../../../contract/public/account.ts"
import { instant, instantOrNull } from "../../../contract/fields.ts"
import { cursorOf, cursorText } from "../../../domain/page-cursor.ts"
import { refuse } from "../../../domain/refusal.ts"
import { lastReadable, seenBy } from "../../../domain/transcript.ts"
import { Accounts } from "../../../services/accounts/accounts.ts"
import { PersonalData } from "../../../services/personal-data/personal-data.ts"
import { SessionViews } from "../../../services/sessions/session-views.ts"
import { inShare } from "../../../services/platform/pool-shares.ts"
import { type Caller, currentCaller, currentCustomer, currentSignIn, participantOf } from "../auth/caller.ts"
import { SignIn } from "../auth/sign-in.ts"
import { signInView } from "../views/sign-in-view.ts"
import { messageView } from "../views/session-fact.ts"
import { sessionView } from "../views/session-view.ts"
import { closeAfterAnswer } from "../../socket/own-sockets.ts"
import { answering } from "./answering.ts"

const messagesMax = 40

interface Place {
  /** The session that was given last, as a cursor of past ones; null before the first. */
  readonly before: string | null
  /** Its messages were given up to here. */
  readonly seq: number
}

/** `<cursor of past sessions, or nothing>/<seq>`; null for what is no cursor of ours. */
const placeOf = (cursor: string): Place | null => {
  const [, before = "", seq = ""] = /^(.*)\/([0-9]{1,15})$/.exec(cursor) ?? []
  if (seq === "" || (before !== "" && cursorOf(before) === null)) return null
  return { before: before === "" ? null : before, seq: Number(seq) }
}
const cursorAt = ({ before, seq }: Place): string => `${before ?? ""}/${seq}`

const accountPage = Effect.fnUntraced(function*(me: Caller) {
  const signIn = yield* currentSignIn
  const person = { user_type: me.side, user_id: me.id }
  const held = yield* (yield* PersonalData).heldOf(person)
  if (held === null) return yield* refuse("ACCOUNT_NOT_FOUND", "There is no such account.")
  const devices = yield* (yield* Accounts).devicesOf(person)
  const signIns = yield* (yield* SignIn).list(signIn)
  return {
    account: {
      ...person,
      name: held.name,
      phone: held.phone,
      created_at: instant(held.created_at),
      sign_ins: signIns.map((one) => signInView(one, signIn.auth_session_id)),
      devices: devices.map(({ platform, registered_at }) => ({
        platform,
        registered_at: instant(registered_at)
      })),
      payments: held.payments.map(({ confirmed_at, created_at, id, ...payment }) => ({
        payment_id: id,
        ...payment,
        created_at: instant(created_at),
        confirmed_at: instantOrNull(confirmed_at)
      }))
    },
    session: null,
    messages: [],
    next: cursorAt({ before: null, seq: 0 })
  }
})

/** The next chat that is over, with some of its messages; with seq 0 its first ones. */
const sessionPage = Effect.fnUntraced(function*(me: Caller, { before, seq }: Place) {
  const views = yield* SessionViews
  const [found] = yield* views.pastOf(me.side, me.id, { before, limit: 1 })
  const seen = found === undefined ? null : seenBy(found, participantOf(me))
  if (seen === null) return { account: null, session: null, messages: [], next: null }
  const after = yield* views.messages(seen.id, { after: seq }, messagesMax)
  const messages = after.filter((message) => message.seq <= lastReadable(seen))
  const isMore = messages.length === messagesMax
  const next = isMore
    ? { before, seq: messages.at(-1)?.seq ?? 0 }
    : { before: cursorText(seen.ended_at, seen.id), seq: 0 }
  return {
    account: null,
    session: sessionView(seen, { side: me.side, unread: 0, now: yield* Clock.currentTimeMillis }),
    messages: messages.map(messageView),
    next: cursorAt(next)
  }
})

const exported = Effect.fnUntraced(function*(cursor: string | null) {
  const me = yield* currentCaller
  if (cursor === null) return yield* accountPage(me)
  const place = placeOf(cursor)
  if (place === null) return yield* refuse("BAD_REQUEST", "A cursor must be the next of an earlier page.")
  return yield* sessionPage(me, place)
})

const deleteAccount = Effect.gen(function*() {
  const me = yield* currentCustomer
  const now = yield* Clock.currentTimeMillis
  const ended = yield* (yield* PersonalData).erase({ user_type: "customer", user_id: me.id }, now)
  if (ended._tag === "Busy") {
    const { payment_id, session_id } = ended
    return yield* refuse("ACCOUNT_BUSY", "End your chat and give up your open order first.", {
      session_id,
      payment_id
    })
  }
  yield* Effect.logInfo("an account was deleted").pipe(Effect.annotateLogs({ user_type: "customer" }))
  yield* closeAfterAnswer(me.topic, null)
  return { deleted: true } as const
})

export const layer = AccountRpcs.toLayer({
  "account.export": ({ cursor }) => answering(inShare("strangers")(exported(cursor))),
  "customer.delete_account": () => answering(inShare("strangers")(deleteAccount))
})
