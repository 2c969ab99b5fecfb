// A call that no simulated person makes is one whose faults no simulated world can find: a new call of the
// contract comes with a simulated person who makes it.
import { assert, describe, it } from "@effect/vitest"
import { PublicApi } from "../../src/contract/public/public-api.ts"
import { AdminApi } from "../../src/contract/staff/staff-api.ts"
import { nodesOf, programOf, type ProjectFile, projectFiles } from "../tidy/project-files.ts"

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

  it("are made by simulated people, every one of them", () => {
    assert.deepStrictEqual(calls.filter((call) => !made.has(call)), [])
  })

  it("are found where people make them, and nowhere else", () => {
    const text = "call(\"chat.send\") // \"chat.read\""
    assert.deepStrictEqual([...madeIn([{ path: "simulator/clients/a.ts", text }])], ["chat.send"])
    assert.deepStrictEqual([...madeIn([{ path: "simulator/checkers/a.ts", text }])], [])
  })
})
