// A member of staff at the control center: calls over plain HTTP on the internal listener, one at a time.
import { Refused } from "../testkit/phone.mjs"

const callTimeoutMs = 10_000

export class Staff {
  #url
  #token = null
  #password = null

  constructor(internalUrl) {
    this.#url = new URL("/rpc", internalUrl)
  }

  async signIn(email, password) {
    const signedIn = await this.call("admin.sign_in", { email, password })
    this.#token = signedIn.access_token
    this.#password = password
  }

  async call(tag, payload) {
    const answer = await fetch(this.#url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` })
      },
      body: JSON.stringify([{ _tag: "Request", id: "1", tag, payload, headers: [] }]),
      signal: AbortSignal.timeout(callTimeoutMs)
    })
    const body = await answer.json()
    const exit = Array.isArray(body) ? body[0]?.exit : undefined
    if (exit?._tag === "Success") return exit.value
    const error = exit?.cause?.[0]?.error ?? body
    // Heavy calls ask for the password again, five minutes after it was given.
    if (error.code === "STEP_UP_REQUIRED" && this.#password !== null) {
      await this.call("admin.step_up", { password: this.#password, code: null })
      return this.call(tag, payload)
    }
    if (error._tag === "Refusal") throw new Refused(tag, error)
    throw new Error(`${tag}: HTTP ${answer.status} ${JSON.stringify(error)}`)
  }
}
