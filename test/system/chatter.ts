// Somebody who goes on talking while servers come and go: each message is said until it is known, on a new
// connection whenever the last one is over.
import type { ServerProcess } from "../support/server-process.ts"
import { ConnectionLost, sleep } from "../../testkit/phone.mjs"
import { commandId, type Person, reconnected, send } from "./people.ts"

const messageEveryMs = 60
const messagesAtATime = 10
const giveUpAfterMs = 30_000

export interface Chatter {
  readonly person: () => Person
  /** Moves to this server and says ten messages there; fails when one stays unknown for 30 s. */
  readonly talksThrough: (server: ServerProcess) => Promise<void>
  /** Hangs up: every message that was acknowledged. */
  readonly stop: () => Promise<ReadonlyArray<string>>
}

export const chatter = (who: Person, session_id: string): Chatter => {
  const acknowledged: Array<string> = []
  let [person, said]: [Person, number] = [who, 0]
  const moveTo = async (server: ServerProcess) => {
    person.phone.hangUp()
    person = await reconnected(person, server)
  }
  const say = async (server: ServerProcess) => {
    const [body, id] = [`${who.id} ${said++}`, commandId()]
    const giveUpAt = performance.now() + giveUpAfterMs
    for (;;) {
      try {
        if (person.phone.closed !== null) await moveTo(server)
        await send(person, session_id, body, id)
        acknowledged.push(body)
        return
      } catch (error) {
        if (!(error instanceof ConnectionLost) || performance.now() > giveUpAt) throw error
        await sleep(200)
      }
    }
  }
  return {
    person: () => person,
    talksThrough: async (server) => {
      await moveTo(server)
      for (let n = 0; n < messagesAtATime; n++) {
        await say(server)
        await sleep(messageEveryMs)
      }
    },
    stop: async () => {
      person.phone.hangUp()
      return acknowledged
    }
  }
}
