// 4: an acknowledged message is never lost, doubled or reordered: it is in the rows when its sender hears of
// it, once, with its text; and at the end the other side has heard it once, at its place.
import { answerOf, type MakeRule, type Phone } from "../rule.ts"

interface Acknowledged {
  readonly session_id: string
  readonly sender: Phone
  readonly client_message_id: string
  readonly body: string
  readonly seq: number
}

export const messages: MakeRule = (context, complain) => {
  const { tables } = context
  const acknowledged = new Map<string, Acknowledged>()
  /** The place of each message of the rows, by who sent it under which id. */
  const places = new Map<string, number>()

  /** A customer who left for good took the words of her chats along. */
  const isErased = (session_id: string): boolean =>
    tables.deleted_customers.has(tables.chat_sessions.get(session_id)?.customer_id ?? "")

  const acknowledge = (sent: Acknowledged) => {
    const { body, client_message_id, sender, seq, session_id } = sent
    const about = { session_id, people: [sender.name] }
    const key = `${session_id}/${sender.id}/${client_message_id}`
    const before = acknowledged.get(key)
    if (before !== undefined && before.seq !== seq) {
      complain(`${client_message_id} was acknowledged as ${before.seq}, then as ${seq}`, about)
    }
    acknowledged.set(key, sent)
    const row = tables.messages.get(`${session_id}/${seq}`)
    if (row === undefined) complain(`${client_message_id} was acknowledged but is not written`, about)
    else if (
      row.client_message_id !== client_message_id || row.body !== body || row.side !== sender.role
    ) {
      complain(`${client_message_id} was acknowledged as ${seq}, where another message is`, about)
    }
  }

  const others = ({ sender, session_id }: Acknowledged): ReadonlyArray<Phone> => {
    const row = tables.chat_sessions.get(session_id)
    return [row?.customer_id, row?.mitra_id].flatMap((id) => {
      const phone = id == null || id === sender.id ? undefined : context.phoneOf(id)
      return phone === undefined ? [] : [phone]
    })
  }

  const atTheEnd = (sent: Acknowledged) => {
    const { body, client_message_id, seq, session_id } = sent
    if (isErased(session_id)) return
    const row = tables.messages.get(`${session_id}/${seq}`)
    if (row?.client_message_id !== client_message_id || row.body !== body) {
      complain(`${client_message_id} was acknowledged and is lost`, {
        session_id,
        people: [sent.sender.name]
      })
    }
    for (const phone of others(sent)) {
      const session = phone.clientState.sessions.get(session_id)
      // A phone that was shown an older view, or stopped receiving before, reads it in the history.
      if (session === undefined || seq > session.last_seq) continue
      if (session.declaredGaps.some((gap) => gap.after_seq < seq && seq < gap.before_seq)) continue
      const heard = session.events.filter((event) => event.seq === seq)
      const message = heard[0]?.fact["message"]
      const about = { session_id, people: [sent.sender.name, phone.name] }
      if (heard.length !== 1 || message?.body !== body) {
        complain(`${phone.name} heard ${client_message_id} ${heard.length} times`, about)
      }
    }
  }

  return {
    rows: {
      messages: ({ after, before, key }) => {
        if (before !== undefined) {
          const session_id = before.session_id
          if (isErased(session_id)) return
          return complain(`message ${key} was ${after === undefined ? "removed" : "written over"}`, {
            session_id
          })
        }
        if (after === undefined) return
        const { client_message_id, sender_id, seq, session_id } = after
        const sent = `${session_id}/${sender_id}/${client_message_id}`
        const other = places.get(sent)
        if (other !== undefined) {
          complain(`${client_message_id} is written twice: ${other} and ${seq}`, { session_id })
        }
        places.set(sent, seq)
        const last = tables.chat_sessions.get(session_id)?.last_seq ?? 0
        if (seq > last) complain(`message ${seq} is beyond the end of its chat, ${last}`, { session_id })
      }
    },
    heard: (phone, event) => {
      const { fact, seq, session_id } = event
      if (event["_tag"] !== "session" || fact.kind !== "message") return
      const row = tables.messages.get(`${session_id}/${seq}`)
      const { body, client_message_id } = fact.message
      if (row?.client_message_id === client_message_id && row?.body === body) return
      complain(`${phone.name} heard ${client_message_id} as ${seq}; the rows say otherwise`, {
        session_id,
        people: [phone.name]
      })
    },
    called: (sender, tag, payload, outcome) => {
      const answer = tag === "chat.send" ? answerOf(outcome) : null
      if (answer === null) return
      const { body, client_message_id, session_id } = payload
      acknowledge({ sender, body, client_message_id, session_id, seq: answer["seq"] })
    },
    end: () => {
      for (const sent of acknowledged.values()) atTheEnd(sent)
    }
  }
}
