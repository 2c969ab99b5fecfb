// The tester's desk: calls of the internal listener over plain HTTP, above all the product's clock. Signs
// in again by itself when time has outrun its token.
import { Refused } from "../testkit/phone.mjs"

export class Desk {
  #url
  #account
  #token = null

  /** `account`: email and password of a member of staff. */
  constructor(url, account) {
    this.#url = url
    this.#account = account
  }

  async call(tag, payload) {
    if (this.#token === null) await this.#signIn()
    const answer = await this.#post(tag, payload, this.#token)
    if (answer.code !== "TOKEN_EXPIRED") return valueOf(tag, answer)
    await this.#signIn()
    return valueOf(tag, await this.#post(tag, payload, this.#token))
  }

  now() {
    return this.call("clock.now", {})
  }

  /** Comes back when everything that became due is done and told. */
  advance(ms) {
    return this.call("clock.advance", { duration_ms: ms })
  }

  advanceTo(instant) {
    return this.call("clock.set", { instant })
  }

  async #signIn() {
    const answer = await this.#post("admin.sign_in", this.#account, null)
    this.#token = valueOf("admin.sign_in", answer).access_token
  }

  async #post(tag, payload, token) {
    const response = await fetch(new URL("/rpc", this.#url), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === null ? {} : { authorization: `Bearer ${token}` })
      },
      body: JSON.stringify([{ _tag: "Request", id: "1", tag, payload, headers: [] }]),
      signal: AbortSignal.timeout(120_000)
    })
    // A rejected token is answered before the call is decoded, without an exit around the error.
    const body = await response.json()
    return Array.isArray(body) ? body[0].exit : body
  }
}

const valueOf = (tag, answer) => {
  if (answer._tag === "Success") return answer.value
  const error = answer.cause?.[0]?.error ?? answer
  throw error._tag === "Refusal" ? new Refused(tag, error) : new Error(`${tag}: ${JSON.stringify(error)}`)
}
