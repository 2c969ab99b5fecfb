// `audit-verify`: whether the audit log is still as it was written. Says the head of its chain; noted in
// another place and given to a later run, that head also tells a chain that was cut off or made anew.
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ServerConfig } from "../config/server-config.ts"
import { type ChainHead, verifyAuditChain } from "../layers/accounts/audit-chain.postgres.ts"
import { embeddedToo } from "./database.ts"

class AuditLogBroken extends Schema.TaggedError<AuditLogBroken>()("AuditLogBroken", {
  message: Schema.String
}) {}

const headOf = (text: string): ChainHead | null => {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  return seq === undefined || hash === undefined ? null : { seq: Number(seq), hash }
}

export const auditVerify = Effect.fnUntraced(function*(expect: string) {
  const database = embeddedToo(yield* ServerConfig)
  const expected = expect === "" ? null : headOf(expect)
  if (expect !== "" && expected === null) {
    return yield* new AuditLogBroken({
      message: "--expect takes a head as this command prints it: 120:9f3a..."
    })
  }
  const { broken, head } = yield* Effect.provide(verifyAuditChain(expected), database)
  if (broken !== null) {
    return yield* new AuditLogBroken({
      message: `The audit log is not as it was written: ${broken}. Up to link ${head.seq} it is whole. ` +
        "Keep the database as it is, and compare with a backup (docs/operations/restore-a-backup.md)."
    })
  }
  yield* Console.log(`the audit log is whole: ${head.seq} entries`)
  if (head.seq > 0) yield* Console.log(`head ${head.seq}:${head.hash}`)
})
