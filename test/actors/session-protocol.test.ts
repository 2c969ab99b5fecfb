// What goes between runners that ask a session and the one that owns it, also while they have two versions.
import { assert, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { SentReply } from "../../src/actors/session/protocol.ts"
import { replyTo } from "../../src/domain/session/reply.ts"
import { active, extending, mitra, offered, T0 } from "../domain/session/given.ts"

const outcome = { status: "active", seq: 2, message_id: null, at: T0, cursor: null }
const decode = Schema.decodeUnknownSync(SentReply)

it("an answer of the version before brings no session, no count and no offer", () => {
  assert.deepStrictEqual(decode(outcome), { ...outcome, seen: null, unread: null, offered: null })
})

it("an answer with a session or an offer arrives at the other runner as it was", () => {
  const by = mitra(1)
  const replies = [
    replyTo({ _tag: "End", by }, outcome, active()),
    replyTo({ _tag: "AnswerExtension", by, extension_seq: 3, approve: true }, outcome, extending()),
    replyTo({ _tag: "Decline", by }, outcome, offered()),
    replyTo({ _tag: "Tick" }, outcome, offered())
  ]
  for (const reply of replies) {
    const sent = JSON.stringify(Schema.encodeSync(SentReply)(reply))
    assert.deepStrictEqual(decode(JSON.parse(sent)), reply)
  }
})
