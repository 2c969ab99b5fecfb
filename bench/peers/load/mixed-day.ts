// A day in small: messages with receipts and typing, phones that lose their connection and come back, people
// without an account who look whether somebody is there, and now and then a request that is accepted.
import { beacons } from "./calls.ts"
import { messages, type MessagesAsked } from "./messages.ts"
import { paced } from "./pace.ts"
import { accept, type Reached } from "./pairing.ts"
import type { Phone } from "./phone.ts"

export interface MixedAsked {
  readonly messages: MessagesAsked
  readonly to: Reached
  readonly url: string
  readonly port: number
  /** Phones without a chat that come and go, so that no message is due on a line that is gone. */
  readonly wanderers: ReadonlyArray<string>
  readonly customers: ReadonlyArray<string>
  readonly mitras: ReadonlyArray<string>
  readonly reconnects_per_second: number
  readonly beacons_per_second: number
}

export const mixedDay = async (phones: ReadonlyMap<string, Phone>, asked: MixedAsked) => {
  const { seconds } = asked.messages.pace
  const of = (ids: ReadonlyArray<string>) => ids.map((id) => phones.get(id)!)
  const wanderers = of(asked.wanderers)
  let returned = 0
  let turn = 0
  const returns = () =>
    paced({ in_flight: null, rate: asked.reconnects_per_second, seconds }, (nth, _due, done) => {
      const phone = wanderers[nth % wanderers.length]!
      // Its own line first, so that a slow server meets at most one return of each phone.
      void phone.hangUp().then(() => phone.connect(asked.url)).then(() => (returned += 1, done()))
    })
  const requests = async () => {
    const until = performance.now() + seconds * 1000
    for (const customer of of(asked.customers)) {
      if (performance.now() > until) break
      await accept(asked.to, customer, of(asked.mitras))
      turn += 1
    }
    return turn
  }
  const [talk, looked, came, accepted] = await Promise.all([
    messages(phones, asked.messages),
    beacons({ port: asked.port, pace: { in_flight: null, rate: asked.beacons_per_second, seconds } }),
    returns(),
    requests()
  ])
  return {
    ...talk,
    beacons: { sent: looked.sent, answered: looked.answered },
    returns: { sent: came.done, answered: returned },
    accepted
  }
}
