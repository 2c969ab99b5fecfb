// What time it is on the server, as well as a phone can know it. Built on the monotonic clock, so a
// person who changes the phone's time changes nothing here. Deadlines are shown by this clock.

export class ServerClock {
  #offsetMs = 0
  #roundTripMs = Infinity

  /** Half a round trip: how wrong `now` may be. */
  get uncertaintyMs() {
    return this.#roundTripMs / 2
  }

  now() {
    return performance.now() + this.#offsetMs
  }

  /** An answer carrying `server_now`, with the monotonic instants around its request. */
  learn(serverNow, sentAt, receivedAt) {
    const roundTripMs = receivedAt - sentAt
    // The quickest answer seen is the most exact one.
    if (roundTripMs > this.#roundTripMs) return
    this.#roundTripMs = roundTripMs
    this.#offsetMs = Date.parse(serverNow) - (sentAt + receivedAt) / 2
  }
}
