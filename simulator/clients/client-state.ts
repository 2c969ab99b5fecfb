// The state of one client: what reached its phone, exactly as it came: events by session and number,
// acknowledged messages, answers. Checkers read it; the app resumes from it. It knows no rule of the server.
import type { Answer } from "./connection.ts"

export interface ReceivedEvent {
  readonly at_ms: number
  readonly seq: number
  readonly fact: Answer
}

export interface ClientSession {
  readonly id: string
  /** Newest view of the session this phone was given, in answers and snapshots. */
  view: Answer | null
  /** In the order of arrival; gaps that were declared (`recovered: false`) are listed. */
  readonly events: Array<ReceivedEvent>
  /** The newest event of each kind; messages are kept by side, `message/customer`. */
  readonly latest: Map<string, ReceivedEvent>
  readonly declaredGaps: Array<{ readonly after_seq: number; readonly before_seq: number }>
  last_seq: number
  /** When the paid time ends, by the newest event that says so. */
  ends_at: unknown
  /** Events up to this one say nothing new of that: a snapshot was later. */
  ends_told_to: number
  /** `client_message_id` -> what the server acknowledged. */
  readonly acknowledged: Map<string, { readonly seq: number; readonly body: string; readonly at_ms: number }>
  isOver: boolean
}

/** Something a sound server never does; checkers turn it into a violation. */
export interface Oddity {
  readonly at_ms: number
  readonly what: "event_doubled" | "event_skipped" | "acknowledged_differently" | "broken_answer"
  readonly session_id: string | null
  readonly detail: string
}

const lastKinds = new Set(["completed", "request_cancelled", "pairing_failed"])

export class ClientState {
  readonly sessions = new Map<string, ClientSession>()
  /** Open offers, by session; an offer that ended is kept with its ending. */
  readonly offers = new Map<string, { view: Answer; ending: string | null; received_at_ms: number }>()
  readonly oddities: Array<Oddity> = []
  readonly #live = new Set<ClientSession>()
  #epoch: string | undefined
  readonly #openOffers = new Set<string>()
  /** Chats that this mitra handed over: each may come back to her. */
  readonly #handedOver = new Set<ClientSession>()
  readonly #owner: () => string | null
  isOnline: boolean | null = null

  /**
   * `owner`: the id of the phone's user, once it is known. A hand-over means another thing to each of the
   * three.
   */
  constructor(owner: () => string | null = () => null) {
    this.#owner = owner
  }

  /** Sessions not known to be over, oldest first. */
  get live(): ReadonlySet<ClientSession> {
    return this.#live
  }

  /** Offers on the screen, by session. */
  get openOffers(): ReadonlySet<string> {
    return this.#openOffers
  }

  session(id: string): ClientSession {
    const known = this.sessions.get(id)
    if (known !== undefined) return known
    const made: ClientSession = {
      id,
      view: null,
      events: [],
      latest: new Map(),
      declaredGaps: [],
      last_seq: 0,
      ends_at: undefined,
      ends_told_to: 0,
      acknowledged: new Map(),
      isOver: false
    }
    this.sessions.set(id, made)
    this.#live.add(made)
    return made
  }

  /** Which history the sequences are of; for `events.subscribe`, too. */
  get epoch(): { readonly epoch?: string } {
    return this.#epoch === undefined ? {} : { epoch: this.#epoch }
  }

  /** For `events.subscribe`: sessions that may still have news. */
  since(): ReadonlyArray<{ readonly session_id: string; readonly seq: number }> {
    return [...this.#handedOver, ...this.#live].filter(({ last_seq }) => last_seq > 0).slice(-50)
      .map(({ id, last_seq }) => ({ session_id: id, seq: last_seq }))
  }

  hear(event: Answer, at_ms: number): void {
    switch (event["_tag"]) {
      case "snapshot":
        return this.#snapshot(event, at_ms)
      case "session":
        return this.#event(event, at_ms)
      case "offer":
        return this.#offer(event["offer"], at_ms)
      case "offer_closed": {
        const offer = this.offers.get(event["session_id"])
        if (offer !== undefined) offer.ending = event["ending"]
        this.#openOffers.delete(event["session_id"])
        return
      }
      case "mitra_status":
        this.isOnline = event["is_online"]
        return
      case "mitra_away": {
        // The clock stands, or runs again: the one change of it that has no number.
        const { ends_at, paused_until, session_id } = event
        if (ends_at !== undefined || paused_until !== undefined) this.session(session_id).ends_at = ends_at
        return
      }
      default:
        return
    }
  }

  viewed(view: Answer): void {
    const session = this.session(view["session_id"])
    // Answers may overtake each other; the number tells which one is newer.
    if (session.view === null || view["last_seq"] >= session.view["last_seq"]) session.view = view
    if (["completed", "cancelled", "expired"].includes(view["status"])) this.#end(session)
  }

  #end(session: ClientSession): void {
    session.isOver = true
    this.#live.delete(session)
  }

  /** A chat that was given to another mitra has come back. */
  #revive(session: ClientSession): void {
    session.isOver = false
    this.#handedOver.delete(session)
    this.#live.add(session)
  }

  #offer(view: Answer, at_ms: number): void {
    this.offers.set(view["session_id"], { view, ending: null, received_at_ms: at_ms })
    this.#openOffers.add(view["session_id"])
  }

  acknowledge(sessionId: string, clientMessageId: string, body: string, answer: Answer, at_ms: number): void {
    const session = this.session(sessionId)
    const before = session.acknowledged.get(clientMessageId)
    if (before !== undefined && before.seq !== answer["seq"]) {
      this.#reportOddity(
        at_ms,
        "acknowledged_differently",
        sessionId,
        `${clientMessageId}: ${before.seq}, then ${answer["seq"]}`
      )
    }
    session.acknowledged.set(clientMessageId, { seq: answer["seq"], body, at_ms })
  }

  #snapshot(snapshot: Answer, at_ms: number): void {
    this.#epoch = snapshot["epoch"]
    for (const { recovered, session_id } of snapshot["recovered"]) {
      if (recovered) continue
      const session = this.session(session_id)
      const view = snapshot["sessions"].find((each: Answer) => each["session_id"] === session_id)
      const resumesAt = view?.["last_seq"] ?? session.last_seq
      session.declaredGaps.push({ after_seq: session.last_seq, before_seq: resumesAt + 1 })
      session.last_seq = resumesAt
    }
    const asked = new Set(snapshot["recovered"].map((each: Answer) => each["session_id"]))
    for (const view of snapshot["sessions"]) {
      const session = this.session(view["session_id"])
      const isBack = this.#handedOver.has(session)
      if (isBack) this.#revive(session)
      this.viewed(view)
      session.ends_at = view["ends_at"] ?? undefined
      session.ends_told_to = view["last_seq"]
      // New to this phone: what came before is history, what comes now is numbered from here.
      const isNew = session.last_seq === 0 && session.events.length === 0
      if (!isNew && (!isBack || asked.has(session.id))) continue
      session.declaredGaps.push({ after_seq: session.last_seq, before_seq: view["last_seq"] + 1 })
      session.last_seq = Math.max(session.last_seq, view["last_seq"])
    }
    const open = new Set(snapshot["offers"].map((offer: Answer) => offer["session_id"]))
    for (const id of this.#openOffers) {
      const offer = this.offers.get(id)
      if (open.has(id) || offer === undefined) continue
      offer.ending = "gone"
      this.#openOffers.delete(id)
    }
    for (const offer of snapshot["offers"]) this.#offer(offer, at_ms)
  }

  #event(event: Answer, at_ms: number): void {
    const { fact, seq, session_id } = event
    const session = this.session(session_id)
    if (seq <= session.last_seq) {
      return this.#reportOddity(at_ms, "event_doubled", session_id, `${seq} after ${session.last_seq}`)
    }
    if (seq > session.last_seq + 1 && session.last_seq > 0) {
      this.#reportOddity(at_ms, "event_skipped", session_id, `${seq} after ${session.last_seq}`)
    }
    session.last_seq = seq
    const received: ReceivedEvent = { at_ms, seq, fact }
    session.events.push(received)
    if (fact.ends_at !== undefined && seq > session.ends_told_to) session.ends_at = fact.ends_at
    session.latest.set(fact.kind === "message" ? `message/${fact.message.side}` : fact.kind, received)
    if (lastKinds.has(fact.kind)) this.#end(session)
    if (fact.kind === "rerouted") this.#changedHands(session, fact)
    // Only the winner is told so as an event of the session: her offer has become a chat.
    const offer = this.offers.get(session_id)
    if (fact.kind !== "paired" || offer === undefined || offer.ending !== null) return
    offer.ending = "accepted"
    this.#openOffers.delete(session_id)
  }

  /** For the mitra who had the chat it is over, unless it comes back. */
  #changedHands(session: ClientSession, { from_mitra_id, mitra_id }: Answer): void {
    if (from_mitra_id === this.#owner()) {
      this.#end(session)
      this.#handedOver.add(session)
    } else if (mitra_id === this.#owner() && session.isOver) this.#revive(session)
  }

  #reportOddity(at_ms: number, what: Oddity["what"], session_id: string | null, detail: string): void {
    this.oddities.push({ at_ms, what, session_id, detail })
  }
}
