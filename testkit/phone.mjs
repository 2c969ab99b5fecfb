// A whole client of the wire in one class, made to be copied into any language: connect, call, follow
// the event stream with acks, notice a lost connection and resume. Only `ws`; see docs/wire.md.
import { WebSocket } from "ws"
import { ConnectionLost, failureOf, lost, problem, retryAfterMs, sleep } from "./phone-answers.mjs"
import { ServerClock } from "./server-clock.mjs"

export { ConnectionLost, reconnectDelayMs, Refused, sleep } from "./phone-answers.mjs"

const callTimeoutMs = 5_000
const attemptsMax = 5
/** Chunks of a stream that may be on their way while this phone has not answered. */
const creditOffered = 32
const sinceMax = 50
/** After one of these no event of that session follows. */
const lastKinds = ["completed", "request_cancelled", "pairing_failed"]

export class Phone {
  clock = new ServerClock()
  /** Everything the stream brought, as it came: { event, arrivedAt }, times on the server's clock. */
  log = []
  /** Session id -> last sequence this phone holds. Persist it: it is all that resuming needs. */
  lastSeq = new Map()
  /** Events that came twice, or before one that is missing. A sound server makes none. */
  doubled = 0
  skipped = 0
  /** { code, reason } once the connection is over. */
  closed = null

  #url
  #headers
  #socket = null
  #lastId = 0
  #calls = new Map()
  #flows = new Map()
  #stream = null
  #waiters = new Set()
  #heartbeats = null

  constructor(url, headers = {}) {
    this.#url = url
    this.#headers = headers
  }

  /** With a token the connection is signed in from its first frame; without, call `authenticate`. */
  connect(accessToken = null) {
    const protocols = ["halobestie.v1", ...(accessToken === null ? [] : [`bearer.${accessToken}`])]
    const socket = new WebSocket(this.#url, protocols, {
      headers: this.#headers,
      handshakeTimeout: callTimeoutMs,
      perMessageDeflate: false
    })
    this.#socket = socket
    this.#flows.clear()
    this.closed = null
    socket.on("message", (data) => this.#onFrame(JSON.parse(data.toString())))
    socket.on("close", (code, reason) => this.#onClose(code, reason.toString()))
    return new Promise((resolve, reject) => {
      socket.once("open", resolve)
      // A refused upgrade (401, 503) arrives here as well; the text names the status.
      socket.on(
        "error",
        (error) => reject(new ConnectionLost(`no connection to ${this.#url}: ${error.message}`))
      )
    })
  }

  async authenticate(accessToken) {
    const sentAt = performance.now()
    const identity = await this.call("auth.authenticate", { access_token: accessToken })
    this.clock.learn(identity.server_now, sentAt, performance.now())
    return identity
  }

  /**
   * One call. The first frame leaves before this returns. "Not now" answers are repeated with the very
   * same payload: every call that changes something carries an id, so a repeat is harmless.
   */
  async call(tag, payload) {
    for (let attempt = 1;; attempt++) {
      const exit = await this.#request(tag, payload)
      if (exit._tag === "Success") return exit.value
      const error = failureOf(exit)
      const waitMs = retryAfterMs(error)
      if (waitMs === null || attempt === attemptsMax) throw problem(tag, error)
      await sleep(waitMs)
    }
  }

  /** Opens the event stream, saying what this phone already holds. Answers with the snapshot. */
  subscribe() {
    this.lastSeq = new Map([...this.lastSeq].slice(-sinceMax))
    const since = [...this.lastSeq].map(([session_id, seq]) => ({ session_id, seq }))
    return new Promise((resolve, reject) => {
      const id = this.#send("events.subscribe", { since, epoch: this.epoch })
      this.#stream = { id, resolve, reject, sentAt: performance.now(), isOpen: false }
      this.#expire(reject, "events.subscribe")
    })
  }

  /** A new connection that carries on where the lost one stopped. */
  async resume(accessToken) {
    await this.connect(accessToken)
    return this.subscribe()
  }

  /** The first event of the whole log that matches, now or within the time given. */
  event(what, matches, timeoutMs = callTimeoutMs) {
    const found = this.log.find(({ event }) => matches(event))
    if (found !== undefined) return Promise.resolve(found)
    return new Promise((resolve, reject) => {
      if (this.closed !== null) return reject(lost(this.closed))
      const waiter = { matches, resolve, reject }
      this.#waiters.add(waiter)
      setTimeout(() => {
        if (!this.#waiters.delete(waiter)) return
        reject(new Error(`${what} did not arrive within ${Math.round(timeoutMs)} ms`))
      }, timeoutMs).unref()
    })
  }

  /** Mitras only: says "still here" well inside the time the server asks for. */
  keepBeating(everySeconds) {
    this.#heartbeats = setInterval(() => {
      // A beat that fails is replaced by the next one; a lost connection ends them all.
      this.call("mitra.heartbeat", {}).catch(() => {})
    }, everySeconds * 1000 / 2)
  }

  /** For the demo: what arrives from now on stays unread, as in a tunnel. */
  stopReading() {
    this.#socket.pause()
    // ws hands over what it had buffered when the socket closes; in a tunnel that is lost as well.
    this.#socket.removeAllListeners("message")
  }

  /** For the demo: the connection is gone without a word to the other side. */
  cut() {
    this.#socket.terminate()
  }

  hangUp() {
    clearInterval(this.#heartbeats)
    this.#socket?.close(1000)
  }

  #send(tag, payload) {
    if (this.#socket?.readyState !== WebSocket.OPEN) throw new ConnectionLost(`${tag}: not connected`)
    const id = String(++this.#lastId)
    this.#socket.send(JSON.stringify({ _tag: "Request", id, tag, payload, headers: [] }))
    return id
  }

  #request(tag, payload) {
    return new Promise((resolve, reject) => {
      const id = this.#send(tag, payload)
      this.#calls.set(id, { tag, resolve, reject })
      this.#expire((error) => this.#calls.delete(id) && reject(error), tag)
    })
  }

  #expire(reject, tag) {
    const error = () => new ConnectionLost(`${tag}: no answer within ${callTimeoutMs} ms`)
    setTimeout(() => reject(error()), callTimeoutMs).unref()
  }

  #onFrame(frame) {
    switch (frame._tag) {
      case "Exit":
        return this.#onExit(frame)
      case "Chunk":
        frame.values.forEach((event) => this.#onEvent(event))
        return this.#acknowledge(frame)
      case "Defect":
        console.error("the server could not read a frame of ours:", frame.defect)
    }
  }

  /**
   * The server sends only so many chunks without this: that is how a slow phone slows it down. One at a time,
   * until a chunk says that the server took the credit we offer; then an `Ack` for half of it.
   */
  #acknowledge({ requestId, credit }) {
    const flow = this.#flows.get(requestId) ?? { credit: 1, unanswered: 0 }
    this.#flows.set(requestId, flow)
    if (credit !== undefined) flow.credit = credit
    flow.unanswered += 1
    if (flow.unanswered < flow.credit / 2) return
    const ack = { _tag: "Ack", requestId, chunks: flow.unanswered, credit: creditOffered }
    flow.unanswered = 0
    this.#socket.send(JSON.stringify(ack))
  }

  #onExit({ requestId, exit }) {
    const call = this.#calls.get(requestId)
    if (call !== undefined) {
      this.#calls.delete(requestId)
      call.resolve(exit)
    } else if (this.#stream?.id === requestId) {
      const { isOpen, reject } = this.#stream
      const error = exit._tag === "Success" ? { _tag: "Ended" } : failureOf(exit)
      this.#stream = null
      if (isOpen) void this.#subscribeAgain(retryAfterMs(error) ?? 0)
      else reject(problem("events.subscribe", error))
    }
  }

  /** The server gave the stream up: this phone asks for it again with what it holds, or comes back anew. */
  async #subscribeAgain(afterMs) {
    await sleep(afterMs)
    try {
      if (this.closed === null) await this.subscribe()
    } catch {
      this.cut()
    }
  }

  #onEvent(event) {
    if (event._tag === "snapshot") this.#onSnapshot(event)
    if (event._tag === "session") this.#onSessionEvent(event)
    const entry = { event, arrivedAt: this.clock.now() }
    this.log.push(entry)
    for (const waiter of this.#waiters) {
      if (waiter.matches(event)) {
        this.#waiters.delete(waiter)
        waiter.resolve(entry)
      }
    }
  }

  #onSnapshot(snapshot) {
    this.clock.learn(snapshot.server_now, this.#stream.sentAt, performance.now())
    this.epoch = snapshot.epoch
    for (const { session_id, recovered } of snapshot.recovered) {
      if (!recovered) this.lastSeq.delete(session_id)
    }
    for (const { session_id, last_seq } of snapshot.sessions) {
      if (!this.lastSeq.has(session_id)) this.lastSeq.set(session_id, last_seq)
    }
    this.#stream.isOpen = true
    this.#stream.resolve(snapshot)
  }

  #onSessionEvent({ session_id, seq, fact }) {
    const last = this.lastSeq.get(session_id)
    if (last !== undefined && seq <= last) {
      this.doubled += 1
      return
    }
    if (last !== undefined && seq > last + 1) this.skipped += 1
    if (lastKinds.includes(fact.kind)) this.lastSeq.delete(session_id)
    else this.lastSeq.set(session_id, seq)
  }

  #onClose(code, reason) {
    this.closed = { code, reason }
    const waiting = [
      ...this.#calls.values(),
      ...this.#waiters,
      ...(this.#stream === null ? [] : [this.#stream])
    ]
    this.#calls.clear()
    this.#waiters.clear()
    this.#stream = null
    for (const { reject } of waiting) reject(lost(this.closed))
  }
}
