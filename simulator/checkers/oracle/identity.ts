// Identity: a command belongs to who sent it. The same id from another person, or for another chat, is
// another command; the same one again is the same, and its answer is about the asker's own things.
import { answerOf, type MakeRule, type Phone } from "../rule.ts"
import type { Answer } from "../../clients/connection.ts"

export const identity: MakeRule = (context, complain) => {
  const { tables } = context
  /** Who first got which payment for which command. */
  const ordered = new Map<string, string>()
  /** By `<actor>/<command>`: in whose names it was carried out. */
  const carriedOut = new Map<string, Set<string>>()

  /** Blocks that were taken back, by whom they were made. */
  const unblocked = new Map<string, string>()

  const about = (phone: Phone, session_id: string | null) => ({ session_id, people: [phone.name] })

  /** As whom each question was asked: who proves a phone may be somebody else by its answer. */
  const askedAs = new Map<string, string | null>()
  const questionOf = (phone: Phone, tag: string, payload: Answer) =>
    `${phone.name}/${tag}/${payload["payment_id"] ?? payload["command_id"] ?? payload["sign_in_id"] ?? ""}`

  const ownerOfSignIn = (id: string) => tables.auth_sessions.where("family", id)[0]?.user_id

  /** An answer about a payment, a sign-in or a block is given to whose it is, and to nobody else. */
  const checkOwner = (phone: Phone, tag: string, payload: Answer, answer: Answer) => {
    const { block_id, sign_in_id } = payload
    const owners: ReadonlyArray<string | undefined> = [
      ...[answer, ...(answer["payments"] ?? [])].map(({ payment_id }) =>
        tables.payment_requests.get(payment_id)?.customer_id
      ),
      tag === "auth.end_sign_in" ? ownerOfSignIn(sign_in_id) : undefined,
      answer["unblocked"] === true ? unblocked.get(block_id) : undefined
    ]
    const other = owners.find((owner) => owner !== undefined && owner !== phone.id)
    if (other !== undefined) {
      complain(`${phone.name} was answered ${tag} of what is not hers`, about(phone, null))
    }
  }

  const checkOrder = (phone: Phone, tag: string, payload: Answer, { payment_id }: Answer) => {
    const { command_id, session_id } = payload
    const row = tables.payment_requests.get(payment_id)
    if (row !== undefined && row.customer_id !== phone.id) {
      complain(`${phone.name} was given the order of somebody else for ${tag}`, about(phone, null))
    }
    // An app may count its commands anew in every chat.
    const key = `${phone.id}/${tag}/${session_id ?? ""}/${command_id}`
    const before = ordered.get(key) ?? payment_id
    ordered.set(key, payment_id)
    if (before !== payment_id) complain(`${phone.name} ordered twice with one command`, about(phone, null))
  }

  const checkMessage = (phone: Phone, payload: Answer, answer: Answer) => {
    const { client_message_id, session_id } = payload
    const row = tables.messages.get(`${session_id}/${answer["seq"]}`)
    const isHers = row === undefined ||
      row.sender_id === phone.id && row.client_message_id === client_message_id &&
        row.message_id === answer["message_id"]
    if (!isHers) complain(`${phone.name} was told that another message is hers`, about(phone, session_id))
  }

  /** Carried out for others under this id, and not for her: she was answered in another's name. */
  const checkCommand = (phone: Phone, tag: string, { command_id, session_id }: Answer) => {
    const actor = session_id ?? phone.id
    const names = carriedOut.get(`${actor}/${command_id}`)
    if (names === undefined || names.has(`${phone.role}:${phone.id}`)) return
    complain(`${phone.name} was answered for a ${tag} of ${[...names].join(", ")}`, about(phone, session_id))
  }

  return {
    rows: {
      blocks: ({ after, before }) => {
        if (after === undefined && before !== undefined) {
          unblocked.set(before.id, before[`${before.by_side}_id`])
        }
      },
      commands_seen: ({ after, before }) => {
        if (after === undefined || before !== undefined) return
        const { actor_id, command_id, sender_id } = after
        const key = `${actor_id}/${command_id}`
        carriedOut.set(key, (carriedOut.get(key) ?? new Set()).add(sender_id))
      }
    },
    sent: (phone, tag, payload) => {
      if (phone.role === "customer") askedAs.set(questionOf(phone, tag, payload), phone.id)
    },
    called: (phone, tag, payload, outcome) => {
      const answer = answerOf(outcome)
      if (answer === null || phone.id === null || phone.role === "staff") return
      const { command_id, session_id } = payload
      if (askedAs.get(questionOf(phone, tag, payload)) === phone.id) checkOwner(phone, tag, payload, answer)
      if (typeof answer["payment_id"] === "string" && typeof command_id === "string") {
        checkOrder(phone, tag, payload, answer)
      }
      if (tag === "chat.send") checkMessage(phone, payload, answer)
      if (session_id === undefined || typeof command_id !== "string") return
      if (typeof answer["session_id"] === "string" && answer["session_id"] !== session_id) {
        complain(`${phone.name} asked ${tag} of one chat and was shown another`, about(phone, session_id))
      }
      checkCommand(phone, tag, payload)
    }
  }
}
