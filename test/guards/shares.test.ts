// Every call of phones waits in a share of the database's connections, so that what free accounts ask stands
// in front of no paid chat; but for the calls that paid chats are made of. Read from the handlers' text: a
// call that is added without a share would never be noticed otherwise.
import { assert, describe, it } from "@effect/vitest"
import { PublicApi } from "../../src/contract/public/public-api.ts"
import { projectFiles } from "../tidy/project-files.ts"

/** Why each is in no share of its own. */
const withoutShare: Readonly<Record<string, string>> = {
  "chat.send": "a paid chat; strangers are asked about in their share before (participants.ts)",
  "chat.delivered": "the same",
  "chat.read": "the same",
  "chat.topic": "the same",
  "chat.end": "the same",
  "chat.goodbye": "the same",
  "customer.cancel": "the same",
  "mitra.accept": "begins a paid chat; other sessions than those she is asked for are few (participants.ts)",
  "mitra.decline": "the same",
  "mitra.answer_extension": "a paid chat",
  "mitra.go_online": "mitras are known to staff, and each command is a turn of her own actor",
  "mitra.go_offline": "the same",
  "mitra.heartbeat": "Valkey's; a late one takes her offline",
  "customer.availability": "asks no database: the beacon is shared by all",
  "customer.watch_availability": "the same",
  "auth.authenticate": "the token verifier has the share (verify-token.ts)",
  "auth.providers": "asks nobody",
  "events.subscribe": "its first reads have a share (open-feed.ts); what follows are events of paid chats"
}

const handlers = projectFiles().filter(({ path }) => path.startsWith("src/http/public/handlers/"))
  .map(({ text }) => text).join("\n")

/** From the name of a call to the next one's. */
const handlerOf = (call: string): string => {
  const [, after = ""] = handlers.split(`"${call}": `)
  return after.split(/\n\s+"[a-z]+\.[a-z_]+": |\n\s*\}\)/)[0] ?? ""
}

describe("a call of phones", () => {
  it("waits in a share of the pool, or is known to need none", () => {
    const calls = [...PublicApi.requests.keys()]
    const bare = calls.filter((call) => !/inShare\("|asStranger\(|connecting\(/.test(handlerOf(call)))
    assert.deepStrictEqual(bare.toSorted(), Object.keys(withoutShare).toSorted())
    assert.isAtLeast(calls.length, 40)
  })
})
