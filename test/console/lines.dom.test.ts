// Who is signed in, over lines that come and go: what an older line says or how it ends changes nothing any
// more. The browser's WebSocket is played; Effect's own RPC client runs on it.
import { afterAll, assert, beforeAll, describe, it, vi } from "@effect/vitest"
import { call, signIn, signOut, standing } from "../../console/src/connection/sign-in.ts"
import { closeCodes } from "../../src/contract/close-codes.ts"

interface Request {
  readonly id: string
  readonly tag: string
}

const now = "2026-11-28T10:00:00.000Z"
const staff_id = "00000000-0000-4000-8000-000000000001"

const answers: Readonly<Record<string, object>> = {
  "admin.sign_in": { staff_id, access_token: "a-token", access_expires_at: now },
  "admin.authenticate": { staff_id, access_expires_at: now, server_now: now },
  "admin.me": {
    staff_id,
    email: "admin@halobestie.local",
    role: "admin",
    permissions: [],
    time_zone: "Asia/Jakarta",
    is_clock_held: false,
    takes_faults: false,
    server_now: now
  }
}

/** What the server's end of a line does; other calls wait for `refuse`. */
class PlayedSocket extends EventTarget {
  static readonly made: Array<PlayedSocket> = []
  readonly waiting: Array<Request> = []
  readonly asked: Array<string> = []
  readyState = 0
  binaryType = "arraybuffer"

  constructor() {
    super()
    PlayedSocket.made.push(this)
    queueMicrotask(() => {
      this.readyState = 1
      this.dispatchEvent(new Event("open"))
    })
  }

  send(frame: string | Uint8Array) {
    const text = typeof frame === "string" ? frame : new TextDecoder().decode(frame)
    for (const one of [JSON.parse(text)].flat()) {
      if (one._tag === "Request") this.#take(one)
    }
  }

  close(code = 1000, reason = "") {
    if (this.readyState === 3) return
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason }))
  }

  refuse(code: string) {
    const error = { _tag: "Refusal", code, message: code, details: {} }
    for (const { id } of this.waiting.splice(0)) {
      this.#exit(id, { _tag: "Failure", cause: [{ _tag: "Fail", error }] })
    }
  }

  #take(request: Request) {
    this.asked.push(request.tag)
    const value = answers[request.tag]
    if (value === undefined) this.waiting.push(request)
    else this.#exit(request.id, { _tag: "Success", value })
  }

  #exit(requestId: string, exit: object) {
    const data = JSON.stringify([{ _tag: "Exit", requestId, exit }])
    queueMicrotask(() => this.dispatchEvent(new MessageEvent("message", { data })))
  }
}

const signedIn = async (): Promise<PlayedSocket> => {
  await signIn("admin@halobestie.local", "a-long-password")
  const line = PlayedSocket.made.at(-1)
  if (line === undefined) throw new Error("no line was opened")
  return line
}

const asking = () => call("admin.health", {}).then(() => "answered", (error) => String(error.code))

const asked = (line: PlayedSocket, tag: string) =>
  vi.waitFor(() => assert.include(line.asked, tag), { timeout: 10_000 })

/** A line whose sign-in is over by a refused call, while its socket is still open. */
const ranOut = async (): Promise<PlayedSocket> => {
  const line = await signedIn()
  const first = asking()
  await asked(line, "admin.health")
  line.refuse("TOKEN_EXPIRED")
  assert.strictEqual(await first, "TOKEN_EXPIRED")
  assert.strictEqual(standing.get().phase, "ask_again")
  return line
}

describe("signing in again", () => {
  beforeAll(() => {
    vi.stubGlobal("WebSocket", PlayedSocket)
    vi.stubGlobal("location", { protocol: "http:", host: "127.0.0.1:3001", hash: "" })
  })
  afterAll(() => {
    signOut()
    vi.unstubAllGlobals()
  })

  it("lasts when the line of before is closed only then", async () => {
    const older = await ranOut()
    const newer = await signedIn()
    assert.strictEqual(older.readyState, 3, "the older line is closed by the page")
    older.dispatchEvent(Object.assign(new Event("close"), closeCodes.tokenExpired))
    assert.strictEqual(standing.get().phase, "ready")
    void asking()
    await asked(newer, "admin.health")
    newer.close(closeCodes.revoked.code)
    assert.strictEqual(standing.get().phase, "ask_again")
  })

  it("lasts when a call on the line of before is refused only then", async () => {
    const older = await signedIn()
    const late = asking()
    await asked(older, "admin.health")
    await signedIn()
    older.refuse("TOKEN_EXPIRED")
    assert.include(["TOKEN_EXPIRED", "CONNECTION_LOST"], await late)
    assert.strictEqual(standing.get().phase, "ready")
  })
})
