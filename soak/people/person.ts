// A person with a phone that comes back: every call is repeated with the same ids until it is answered, on
// whichever runner the balancer offers, and what the stream and its snapshots say is remembered.
import { ConnectionLost, Phone, reconnectDelayMs, Refused, sleep } from "../../testkit/phone.mjs"
import type { Runner } from "../runner.ts"
import type { Site } from "../site.ts"

// The wire's JSON as it came.
// oxlint-disable-next-line typescript/no-explicit-any
export type Wire = any

/** Longer than anything that is drawn: who is not answered by then never is. */
const answeredWithinMs = 90_000
const dayMs = 86_400_000
const watchedKinds = ["paired", "closing", "completed", "request_cancelled", "pairing_failed"]
export type Phase = "waiting" | "running" | "closing" | "over"

const phaseOf = (status: string): Phase => {
  if (status === "active" || status === "extending") return "running"
  if (status === "closing") return "closing"
  return status === "searching" || status === "pending_acceptance" ? "waiting" : "over"
}
const phaseAfter: Readonly<Record<string, Phase>> = { paired: "running", closing: "closing" }

const shownBefore = 6

/** Around the first number that came too late: what the stream said of that session. */
const disorderIn = (log: ReadonlyArray<{ readonly event: Wire; readonly arrivedAt: number }>): string => {
  const last = new Map<string, number>()
  for (const [index, { event }] of log.entries()) {
    if (event._tag !== "session") continue
    const { seq, session_id } = event
    const before = last.get(session_id) ?? seq - 1
    last.set(session_id, Math.max(before, seq))
    if (seq > before) continue
    const told = log.slice(0, index + 2).flatMap(({ arrivedAt, event }) => {
      if (event._tag === "snapshot") {
        const held = event.sessions.find((one: Wire) => one.session_id === session_id)
        return [`  ${Math.round(arrivedAt)} snapshot ${held?.last_seq} ${JSON.stringify(event.recovered)}`]
      }
      if (event.session_id !== session_id || event._tag === "receipt") return []
      return [`  ${Math.round(arrivedAt)} ${event._tag} ${event.seq ?? ""} ${event.fact?.kind ?? ""}`]
    })
    return [session_id, ...told.slice(-shownBefore)].join("\n")
  }
  return "  in no session that is known from its first number"
}

export class Person {
  readonly name: string
  readonly site: Site
  readonly sessions = new Map<string, Phase>()
  readonly offers = new Set<string>()
  /** Why a request ended without a mitra, by session. */
  readonly causes = new Map<string, string>()
  onEvent: (event: Wire) => void = () => {}
  id = ""
  isLeaving = false
  phone: Phone | null = null
  runner: Runner | null = null
  #token = ""
  #attempt = 0
  #lastSeq = new Map<string, number>()
  #connecting: Promise<Phone> | null = null

  constructor(name: string, site: Site) {
    this.name = name
    this.site = site
  }

  /** Signs in by a call of a connection that is nobody's. */
  async signIn(tag: string, payload: Wire): Promise<void> {
    const tokens = await this.#until(tag, async () => {
      const phone = new Phone(this.#chooseRunner())
      await phone.connect()
      try {
        return await phone.call(tag, payload)
      } finally {
        phone.hangUp()
      }
    })
    this.id = tokens.user_id
    this.#token = tokens.access_token
  }

  /** Repeated until it is answered; throws `Refused` when the answer is no. */
  call(tag: string, payload: Wire): Promise<Wire> {
    return this.#until(tag, async () => (await this.connected()).call(tag, payload))
  }

  async connected(): Promise<Phone> {
    if (this.phone !== null && this.phone.closed === null) return this.phone
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = null))
    return this.#connecting
  }

  /** Waits for what the stream brings; false when it did not come. */
  async until(what: () => boolean, withinMs: number): Promise<boolean> {
    const giveUpAt = performance.now() + withinMs
    while (performance.now() < giveUpAt && !this.isLeaving) {
      if (what()) return true
      // A phone that lost its connection comes back by itself.
      await this.connected().catch(() => {})
      await sleep(100)
    }
    return what()
  }

  leave(): void {
    this.isLeaving = true
    this.#keep()
    this.phone?.hangUp()
  }

  #chooseRunner(): string {
    this.runner = this.site.choose()
    return `${this.runner.httpUrl.replace("http", "ws")}/ws`
  }

  async #until<A>(tag: string, attempt: () => Promise<A>): Promise<A> {
    const giveUpAt = performance.now() + answeredWithinMs
    for (;;) {
      if (this.isLeaving) throw new Error(`${this.name} has left`)
      try {
        return await attempt()
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
        this.site.findings.count("calls repeated")
        // Not answered in time: the phone gives this connection up.
        if (this.phone !== null && this.phone.closed === null) this.phone.cut()
        if (performance.now() > giveUpAt) {
          this.site.findings.violation(`${this.name}: ${tag} was not answered in ${answeredWithinMs} ms`)
          throw error
        }
        await sleep(50)
      }
    }
  }

  #keep(): void {
    if (this.phone === null) return
    this.#lastSeq = this.phone.lastSeq
    if (this.phone.doubled + this.phone.skipped === 0) return
    const { doubled, skipped } = this.phone
    this.site.findings.violation(
      `${this.name}'s stream had ${doubled} doubled and ${skipped} missing events\n${
        disorderIn(this.phone.log)
      }`
    )
  }

  async #connect(): Promise<Phone> {
    const before = this.phone
    this.#keep()
    this.phone = null
    if (before?.closed != null) await this.#pauseAfter(before.closed)
    const phone = new Phone(this.#chooseRunner())
    for (const [session, seq] of this.#lastSeq) phone.lastSeq.set(session, seq)
    try {
      await phone.connect(this.#token)
      phone.event("all of the stream", (event) => (this.#hear(event), false), dayMs).catch(() => {})
      await phone.subscribe()
    } catch (error) {
      phone.hangUp()
      this.#attempt += 1
      await sleep(Math.min(1_000, 50 * 2 ** this.#attempt))
      throw error
    }
    this.#attempt = 0
    this.phone = phone
    return phone
  }

  /** As long as the server asked, or the wire says. */
  async #pauseAfter(closed: { readonly code: number; readonly reason: string }): Promise<void> {
    const delay = reconnectDelayMs(closed, 0)
    if (delay === null) {
      return this.site.findings.violation(`${this.name} was sent away with ${closed.code} ${closed.reason}`)
    }
    await sleep(delay)
  }

  #hear(event: Wire): void {
    switch (event._tag) {
      case "snapshot":
        this.#seeSnapshot(event)
        break
      case "session":
        if (watchedKinds.includes(event.fact.kind)) {
          this.sessions.set(event.session_id, phaseAfter[event.fact.kind] ?? "over")
          if (event.fact.kind === "pairing_failed") this.causes.set(event.session_id, event.fact.cause)
        }
        break
      case "offer":
        this.offers.add(event.offer.session_id)
        break
      case "offer_closed":
        this.offers.delete(event.session_id)
    }
    this.onEvent(event)
  }

  #seeSnapshot(snapshot: Wire): void {
    const live = new Map<string, Phase>(
      snapshot.sessions.map((session: Wire) => [session.session_id, phaseOf(session.status)])
    )
    for (const id of this.sessions.keys()) if (!live.has(id)) this.sessions.set(id, "over")
    for (const [id, phase] of live) this.sessions.set(id, phase)
    this.offers.clear()
    for (const offer of snapshot.offers) this.offers.add(offer.session_id)
  }
}

export const isRefused = (error: unknown, ...codes: ReadonlyArray<string>): error is Refused =>
  error instanceof Refused && codes.includes(error.code)
