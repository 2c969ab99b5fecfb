// The conformance suite of StaffProofs over its memory adapter.
import * as Layer from "effect/Layer"
import { staffProofs } from "../../../testkit/conformance/staff-proofs.ts"
import * as AccountsMemory from "../../../testkit/memory/accounts.memory.ts"
import * as StaffMemory from "../../../testkit/memory/staff.memory.ts"
import * as StaffProofsMemory from "../../../testkit/memory/staff-proofs.memory.ts"
import * as Tables from "../../../testkit/memory/store/tables.ts"

staffProofs(
  "memory",
  Layer.mergeAll(AccountsMemory.layer, StaffMemory.layer, StaffProofsMemory.layer).pipe(
    Layer.provide(Tables.layer)
  )
)
