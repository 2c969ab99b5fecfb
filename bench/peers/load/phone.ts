// A phone of the load: a socket, its calls in flight, and the last number it holds of each chat. Lean on
// purpose: what the load costs is taken from the same two cores as the server.
import { WebSocket } from "ws"
import type { Answer, Asked, CallName, Happening, Person, Wire } from "./wires.ts"

const patienceMs = 20_000

export class Phone {
  readonly person: Person
  /** Whoever waits for something on this phone; set by the load at hand. */
  hear: (phone: Phone, what: Happening) => void = () => {}
  readonly lastSeq = new Map<string, number>()
  /** Messages of each receiver that are still to be acknowledged: chat -> the greatest number. */
  readonly receipts = new Map<string, { wanted: number; told: number; asking: boolean }>()
  isOpen = false
  /** Of a mitra: she has gone online. */
  isOnline = false

  readonly #wire: Wire
  #socket: WebSocket | null = null
  #lastCall = 0
  readonly #calls = new Map<number, (answer: Answer) => void>()

  constructor(wire: Wire, person: Person) {
    this.#wire = wire
    this.person = person
  }

  /** Connected, signed in and subscribed: until the first value of the stream is here. */
  connect(url: string): Promise<void> {
    const { address, token } = this.person
    const socket = new WebSocket(`${url}${this.#wire.path}`, [...this.#wire.protocols], {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout: patienceMs,
      headers: { authorization: `Bearer ${token}`, "x-forwarded-for": address }
    })
    this.#socket = socket
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => (socket.terminate(), reject(new Error("no snapshot"))), patienceMs)
      const receiver = {
        answered: (call: number, answer: Answer) => this.#answered(call, answer),
        happened: (what: Happening) => {
          if (what.event === "snapshot" && !this.isOpen) {
            this.isOpen = true
            clearTimeout(late)
            resolve()
          }
          this.#happened(what)
        },
        reply: (frame: string) => socket.send(frame)
      }
      socket.on("message", (data) => this.#wire.read(String(data), receiver))
      socket.on("open", () =>
        this.call("subscribe", { since: [...this.lastSeq] }, ({ refused }) => {
          if (refused !== null) reject(new Error(`subscribe: ${refused}`))
        }))
      socket.on("error", reject)
      socket.on("close", (code) => {
        clearTimeout(late)
        this.isOpen = false
        this.#calls.clear()
        reject(new Error(`closed with ${code}`))
      })
    })
  }

  call(name: CallName, asked: Asked, done: (answer: Answer) => void): void {
    const call = ++this.#lastCall
    this.#calls.set(call, done)
    this.#socket?.send(this.#wire.encode(call, name, asked))
  }

  /** The answer of a call that must succeed; "not now" is waited for, as every phone does. */
  async ask(name: CallName, asked: Asked = {}): Promise<Answer> {
    for (let attempt = 1;; attempt++) {
      const answer = await new Promise<Answer>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${name}: no answer`)), patienceMs)
        this.call(name, asked, (given) => (clearTimeout(late), resolve(given)))
      })
      if (answer.refused === null) return answer
      if (answer.retry_after_ms === 0 || attempt === 5) throw new Error(`${name}: ${answer.refused}`)
      await new Promise((resolve) => setTimeout(resolve, answer.retry_after_ms))
    }
  }

  async hangUp(): Promise<void> {
    const socket = this.#socket
    if (socket === null || socket.readyState === WebSocket.CLOSED) return
    await new Promise<void>((resolve) => {
      socket.once("close", () => resolve())
      socket.close(1000)
    })
  }

  #answered(call: number, answer: Answer): void {
    const done = this.#calls.get(call)
    this.#calls.delete(call)
    done?.(answer)
  }

  #happened(what: Happening): void {
    const { chat, seq } = what
    if (chat !== undefined && seq !== undefined && seq > (this.lastSeq.get(chat) ?? 0)) {
      this.lastSeq.set(chat, seq)
    }
    this.hear(this, what)
  }
}
