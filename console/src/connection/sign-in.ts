// Who is signed in, and the line that is kept open for them. The token lives in this module's memory and
// nowhere else, and is prolonged while the page is open; when that is no longer allowed the password is asked
// again, over the page, which keeps what was typed.
import { closeCodes } from "../../../src/contract/close-codes.ts"
import { askOnceMore, stepUpWith } from "./step-up.ts"
import { makeStore } from "./store.ts"
import { type AnswerOf, type Line, openLine, type Over, type PayloadOf, Problem, type Tag } from "./line.ts"

export type Me = AnswerOf<"admin.me">

export type Phase =
  /** Nobody: the sign-in page. */
  | "signed_out"
  /** Signed in, the line is open. */
  | "ready"
  /** Signed in, and the line is being opened again. */
  | "lost"
  /** The sign-in has ended; the page stays and the password is asked again. */
  | "ask_again"

export interface Standing {
  readonly phase: Phase
  readonly me: Me | null
  /** Rises with every line: what was read before may be old. */
  readonly generation: number
  /** Why the password is asked again. */
  readonly reason: "ran_out" | "ended" | null
}

const nobody: Standing = { phase: "signed_out", me: null, generation: 0, reason: null }

export const standing = makeStore<Standing>(nobody)

const retryMs = [500, 1_000, 2_000, 4_000, 8_000] as const
const url = () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`

let line: Line | null = null
let token: string | null = null
let tokenEndsAt: number | null = null
let attempt = 0
/** Of the lines opened so far; only the newest one's end says anything about who is signed in. */
let opened = 0

const endsTheSignIn = (code: string): boolean =>
  ["TOKEN_EXPIRED", "TOKEN_INVALID", "NOT_SIGNED_IN"].includes(code)

const askAgain = (reason: Standing["reason"]) => {
  token = null
  standing.set({ ...standing.get(), phase: "ask_again", reason })
}

const onOver = (over: Over): void => {
  line = null
  const { phase } = standing.get()
  if (phase === "signed_out" || phase === "ask_again") return
  if (over.code === closeCodes.tokenExpired.code) return askAgain("ran_out")
  if (over.code === closeCodes.revoked.code) return askAgain("ended")
  standing.set({ ...standing.get(), phase: "lost" })
  setTimeout(() => void resume(), retryMs[Math.min(attempt, retryMs.length - 1)])
  attempt += 1
}

const openNewest = (): Promise<Line> => {
  opened += 1
  const mine = opened
  return openLine(url(), (over) => {
    if (mine === opened) onOver(over)
  })
}

const signInOn = async (fresh: Line, accessToken: string): Promise<void> => {
  const { access_expires_at } = await fresh.call("admin.authenticate", { access_token: accessToken })
  tokenEndsAt = Date.parse(access_expires_at)
  const me = await fresh.call("admin.me", {})
  line?.close()
  line = fresh
  token = accessToken
  attempt = 0
  standing.set({ phase: "ready", me, generation: standing.get().generation + 1, reason: null })
}

/** The same person again, on a new line. */
const resume = async (): Promise<void> => {
  if (standing.get().phase !== "lost" || token === null) return
  let fresh: Line | null = null
  try {
    fresh = await openNewest()
    await signInOn(fresh, token)
  } catch (error) {
    const code = error instanceof Problem ? error.code : "CONNECTION_LOST"
    if (endsTheSignIn(code)) askAgain("ran_out")
    // A line that could not be opened, or that is closed here, is reported as over and tries again by that.
    fresh?.close()
  }
}

/** Another hour, on the same line; what is on the page is not disturbed. */
export const prolong = async (): Promise<void> => {
  const open = line
  if (open === null || token === null) return
  const { access_expires_at, access_token } = await open.call("admin.prolong", {})
  await open.call("admin.authenticate", { access_token })
  if (line !== open) return
  token = access_token
  tokenEndsAt = Date.parse(access_expires_at)
}

/** By the product's clock; null while nobody is signed in. */
export const signInEndsAt = (): number | null => standing.get().phase === "ready" ? tokenEndsAt : null

export const signIn = async (email: string, password: string, code: string | null = null): Promise<void> => {
  const fresh = await openNewest()
  try {
    const { access_token } = await fresh.call("admin.sign_in", { email, password, code })
    const { me } = standing.get()
    await signInOn(fresh, access_token)
    // Another person's page starts from the beginning.
    if (me !== null && me.staff_id !== standing.get().me?.staff_id) location.hash = "#/"
  } catch (error) {
    fresh.close()
    throw error
  }
}

/** The token dies on the server, too; where that cannot be reached, it runs out within the hour. */
export const signOut = (): void => {
  const open = line
  const ended = open?.call("admin.sign_out", {}).catch(() => null) ?? Promise.resolve(null)
  line = null
  token = null
  standing.set(nobody)
  void ended.then(() => open?.close())
  location.hash = "#/"
}

const callOnce = async <T extends Tag>(tag: T, payload: PayloadOf<T>): Promise<AnswerOf<T>> => {
  const asked = line
  if (asked === null) throw new Problem("CONNECTION_LOST", "The server cannot be reached just now.")
  try {
    return await asked.call(tag, payload)
  } catch (error) {
    // A late answer on an older line says nothing about the sign-in of now.
    if (asked === line && error instanceof Problem && endsTheSignIn(error.code)) {
      askAgain(error.code === "TOKEN_INVALID" ? "ended" : "ran_out")
    }
    throw error
  }
}

stepUpWith((given) => callOnce("admin.step_up", given))

/** One call of the person who is signed in, asked once more who they are where it needs that. */
export const call = async <T extends Tag>(tag: T, payload: PayloadOf<T>): Promise<AnswerOf<T>> => {
  try {
    return await callOnce(tag, payload)
  } catch (error) {
    const isAsked = error instanceof Problem && error.code === "STEP_UP_REQUIRED"
    if (!isAsked || !(await askOnceMore())) throw error
    return callOnce(tag, payload)
  }
}

export const follow: Line["follow"] = (tag, payload, onItem, onEnd) => {
  if (line === null) {
    onEnd(new Problem("CONNECTION_LOST", "The server cannot be reached just now."))
    return () => {}
  }
  return line.follow(tag, payload, onItem, onEnd)
}

export const mayDo = (me: Me | null, action: "read" | "write", resource: string): boolean =>
  me?.permissions.some((one) => one.resource === resource && one.action === action) ?? false

/** For commands: a repeat of the same press must be the same command. */
export const newCommandId = (): string => crypto.randomUUID()
