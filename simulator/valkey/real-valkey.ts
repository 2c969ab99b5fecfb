// A real Valkey for worlds: it is asked without a moment passing in the world, so that a world with it is the
// same run as without. The asking is done by a thread (blocking-thread.ts), which starts the server as well
// and ends it with this process.
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads"
import type { Script } from "../../src/layers/platform/valkey/script.ts"
import type { Reply } from "./engine.ts"
import { valkeyOnPath } from "./program.ts"
import { anyCommand, onVirtualTime, type Timed } from "./virtual-expiry.ts"

/** A server that is there, or a program of which one is started. */
export interface ValkeyPlace {
  readonly url: string | null
  readonly program: string | null
}

export type Request =
  | { readonly kind: "script"; readonly timed: Timed; readonly args: ReadonlyArray<string> }
  | { readonly kind: "wipe" }

export type Response =
  | { readonly _tag: "Reply"; readonly reply: Reply }
  | { readonly _tag: "Error"; readonly message: string }

const answersWithinMs = 20_000

/** What a connection answers itself, and no script may ask. */
const withoutScript = new Set(["PING", "INFO"])

export class RealValkey {
  readonly #worker: Worker
  readonly #flag = new Int32Array(new SharedArrayBuffer(4))
  readonly #port: MessageChannel["port1"]
  readonly #scripts = new Map<string, Timed>()

  constructor(place: ValkeyPlace) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#worker = new Worker(new URL("./blocking-thread.ts", import.meta.url), {
      workerData: { flag: this.#flag, port: port2, place },
      transferList: [port2],
      execArgv: []
    })
    this.#worker.unref()
    port1.unref()
  }

  /** Null: what no script may ask. */
  command(name: string, args: ReadonlyArray<string>, now_ms: number): Request | null {
    if (withoutScript.has(name.toUpperCase())) return null
    return { kind: "script", timed: anyCommand, args: [name, ...args, String(now_ms)] }
  }

  script(script: Script, args: ReadonlyArray<string>, now_ms: number): Request {
    const timed = this.#scripts.get(script.sha) ?? onVirtualTime(script.lua)
    this.#scripts.set(script.sha, timed)
    return { kind: "script", timed, args: [...args, String(now_ms)] }
  }

  readonly close = (): Promise<unknown> => this.#worker.terminate()

  /** One after the other, and the answers in the same order. */
  ask(requests: ReadonlyArray<Request>): ReadonlyArray<Response> {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#port.postMessage(requests)
    if (Atomics.wait(this.#flag, 0, 0, answersWithinMs) === "timed-out") {
      throw new Error(`the real Valkey has not answered within ${answersWithinMs} ms`)
    }
    Atomics.store(this.#flag, 0, 0)
    const answer = receiveMessageOnPort(this.#port)?.message as ReadonlyArray<Response> | string
    if (typeof answer === "string") throw new Error(`the real Valkey cannot be asked: ${answer}`)
    return answer
  }
}

/** Where the command line finds one. Throws what a person can read. */
const foundPlace = (): ValkeyPlace => {
  const url = process.env["TEST_VALKEY_URL"] ?? ""
  if (url !== "") return { url, program: null }
  const program = valkeyOnPath()
  if (program !== null) return { url: null, program }
  throw new Error("there is no Valkey: install valkey-server (or redis-server), or set TEST_VALKEY_URL")
}

let found: RealValkey | null = null

/** One for the whole process: each world begins by emptying it. */
export const realValkey = (): RealValkey => found ??= new RealValkey(foundPlace())
