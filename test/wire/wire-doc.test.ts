// docs/wire.md says what is true: every refusal code, close code, call, event and limit is in it, nothing
// that does not exist is, and its example frames are golden ones.
import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { AdminApi } from "../../src/contract/staff/staff-api.ts"
import { Tokens } from "../../src/contract/public/auth.ts"
import { closeCodes } from "../../src/contract/close-codes.ts"
import { PhoneEvent, SessionFact } from "../../src/contract/public/events.ts"
import { PublicApi } from "../../src/contract/public/public-api.ts"
import { MessageView, OfferView, PaymentView, SessionView, TierView } from "../../src/contract/views.ts"
import { refusalCodes } from "../../src/domain/refusal.ts"
import { publicLimits } from "../../src/http/socket/limits.ts"
import { goldens } from "./golden.ts"

const text = Fs.readFileSync(new URL("../../docs/wire.md", import.meta.url), "utf8")
const sorted = (values: Iterable<string>) => [...new Set(values)].toSorted()
const quoted = (pattern: RegExp) => sorted([...text.matchAll(pattern)].flatMap((found) => found[1] ?? []))

/** The cells of each row of the table whose first column header is this one. */
const table = (first: string, ...others: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const lines = text.split("\n")
  const start = lines.indexOf(`| ${[first, ...others].join(" | ")} |`)
  assert.isAtLeast(start, 0, `there is no table "${first}"`)
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"))
  return lines.slice(start + 2, end).map((line) => line.slice(2, -2).split(" | "))
}
const names = (rows: ReadonlyArray<ReadonlyArray<string>>) =>
  sorted(rows.map(([name = ""]) => name.replaceAll("`", "")))

// Written like refusal codes but something else: the code of a Defect frame, a provider's word, a variable.
const otherCodes = ["MALFORMED_FRAME", "PAID", "XENDIT_ENABLED", "CC_ORIGIN"]

describe("docs/wire.md", () => {
  it("names every refusal code and none that does not exist", () => {
    const named = quoted(/`([A-Z][A-Z_]{3,})`/g).filter((code) => !otherCodes.includes(code))
    assert.deepStrictEqual(named, sorted(refusalCodes))
  })

  it("has the table of close codes as the contract has it", () => {
    const rows = table("code", "reason", "come back?", "meaning")
    const expected = Object.values(closeCodes).map((each) => [
      String(each.code),
      each.reason,
      each.reconnect ? "yes" : "no",
      each.meaning
    ])
    assert.deepStrictEqual(rows, expected)
  })

  it("names every call and none that does not exist", () => {
    const calls = sorted(PublicApi.requests.keys())
    assert.deepStrictEqual(names(table("call", "payload", "answer")), calls)
    assert.deepStrictEqual(
      quoted(/`((?:auth|account|customer|mitra|chat|devices|events|trust)\.[a-z_]+)`/g),
      calls
    )
    const staffs = quoted(/`(admin\.[a-z_]+)`/g)
    assert.deepStrictEqual(staffs.filter((call) => !AdminApi.requests.has(call)), [])
  })

  it("names every field of every call's payload", () => {
    const rpcs = new Map<string, unknown>([...PublicApi.requests, ...AdminApi.requests])
    const rows = [
      ...table("call", "payload", "answer"),
      ...table("control center call", "payload", "answer")
    ]
    for (const [call = "", payload = ""] of rows) {
      const rpc = rpcs.get(call.replaceAll("`", "")) as {
        readonly payloadSchema: { readonly fields: Readonly<Record<string, unknown>> }
      }
      for (const field of Object.keys(rpc.payloadSchema.fields)) assert.include(payload, `\`${field}\``, call)
    }
  })

  it("lists the fields of every shape, and which may be null", () => {
    const shapes: Readonly<Record<string, Schema.Struct<Schema.Struct.Fields>>> = {
      tokens: Tokens,
      tier: TierView,
      payment: PaymentView,
      session: SessionView,
      offer: OfferView,
      message: MessageView
    }
    for (const [name, shape] of Object.entries(shapes)) {
      const listed = new RegExp(`^- \\*\\*${name}\\*\\*: (.*(?:\n  .*)*)$`, "m").exec(text)?.[1]?.replaceAll(
        /\([^)]*\)/g,
        ""
      )
      const fields = [...(listed ?? "").matchAll(/`([^`]+)`/g)].map((found) => found[1] ?? "")
      const expected = Object.entries(shape.fields).map(([field, schema]) =>
        Schema.is(schema as Schema.Schema<unknown>)(null) ? `${field}?` : field
      )
      assert.deepStrictEqual(fields.toSorted(), expected.toSorted(), name)
    }
  })

  it("names every event and every kind of session fact", () => {
    const tags = PhoneEvent.members.map((member) => String(member.fields._tag.schema.literal))
    const kinds = SessionFact.members.flatMap((member) => [...member.fields.kind.literals])
    assert.deepStrictEqual(names(table("event", "fields", "for")), sorted(tags))
    assert.deepStrictEqual(names(table("kind", "fields", "meaning")), sorted(kinds))
  })

  it("has the listener's limits with their numbers", () => {
    const rows = table("limit", "value", "beyond it")
    assert.isAtLeast(rows.length, 10)
    for (const [name = "", value] of rows) {
      const limit = publicLimits[name.replaceAll("`", "") as keyof typeof publicLimits]
      assert.strictEqual(String(limit), value, name)
    }
  })

  it("shows only golden frames, in their direction", () => {
    const known = new Set(goldens.flatMap(({ steps }) =>
      steps.flatMap((step) =>
        "send" in step
          ? [`-> ${JSON.stringify(step.send)}`]
          : "receive" in step
          ? [`<- ${JSON.stringify(step.receive)}`]
          : []
      )
    ))
    const blocks = [...text.matchAll(/```frames\n([\s\S]*?)```/g)].flatMap((block) => block[1] ?? [])
    const shown = blocks.flatMap((block) => block.trim().split("\n"))
    assert.isAtLeast(shown.length, 20)
    for (const line of shown) assert.isTrue(known.has(line), `not in docs/frames: ${line}`)
  })
})
