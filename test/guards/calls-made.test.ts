// A call that no simulated person makes is one whose faults no simulated world can find. The list of such
// calls may only get shorter: a new call of the contract comes with a simulated person who makes it.
import { assert, describe, it } from "@effect/vitest"
import { PublicApi } from "../../src/contract/public/public-api.ts"
import { AdminApi } from "../../src/contract/staff/staff-api.ts"
import { nodesOf, programOf, type ProjectFile, projectFiles } from "../tidy/project-files.ts"

/** 38 of 103 calls. Never add to it. */
const neverMade = `
  auth.providers auth.sign_out customer.pending_payments chat.unread devices.drop
  admin.mirror_health admin.reseed_mirror admin.roles
  admin.staff_create admin.staff_set_role admin.staff_set_active admin.mitra_create admin.mitra_rename
  admin.test_numbers admin.test_number_put admin.test_number_remove
  admin.pricing admin.tier_put admin.tier_deactivate admin.discount_put admin.pricing_history
  admin.pending_payments admin.failed_pairings
  admin.payment_retry admin.payment_set_refunded admin.payment_dismiss
  admin.push_dead_letters admin.push_replay admin.push_costs
  admin.watch
  clock.now clock.advance clock.set clock.run clock.pause faults.list faults.start faults.undo
`.trim().split(/\s+/)
const neverMadeMax = 38

const people = /^simulator\/(clients|scenarios\/people)\//

const madeIn = (files: ReadonlyArray<ProjectFile>): ReadonlySet<string> =>
  new Set(
    files.filter(({ path }) => people.test(path)).flatMap((file) =>
      nodesOf(programOf(file)).flatMap((node) => node.type === "Literal" ? [String(node["value"])] : [])
    )
  )

describe("the calls of the contract", () => {
  const calls = [...PublicApi.requests.keys(), ...AdminApi.requests.keys()]
  const made = madeIn(projectFiles())

  it("are made by simulated people, but for a list that only gets shorter", () => {
    assert.deepStrictEqual(calls.filter((call) => !made.has(call)).toSorted(), neverMade.toSorted())
    assert.isAtMost(neverMade.length, neverMadeMax)
  })

  it("are found where people make them, and nowhere else", () => {
    const text = "call(\"chat.send\") // \"chat.read\""
    assert.deepStrictEqual([...madeIn([{ path: "simulator/clients/a.ts", text }])], ["chat.send"])
    assert.deepStrictEqual([...madeIn([{ path: "simulator/checkers/a.ts", text }])], [])
  })
})
