// Indexes of the in-memory store answer as a scan of all rows would, in the order of filing.
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "fast-check"
import { Table } from "../../testkit/memory/store/table.ts"

interface Row {
  readonly owner: string | null
}

/** What the index has to say, kept the slow way: keys in the order in which they came to their value. */
const filed = (rows: ReadonlyArray<readonly [string, string | null]>): Map<string, string | null> => {
  const model = new Map<string, string | null>()
  for (const [key, owner] of rows) {
    if (model.get(key) === owner && model.has(key)) continue
    model.delete(key)
    model.set(key, owner)
  }
  return model
}

const some = (values: ReadonlyArray<string>) => FastCheck.constantFrom(...values)

describe("an index of the in-memory store", () => {
  it("finds one row, several and none, whatever was filed, moved or taken out before", () => {
    const write = FastCheck.tuple(some(["a", "b", "c", "d"]), some(["x", "y", "nobody"]))
    FastCheck.assert(FastCheck.property(FastCheck.array(write, { maxLength: 40 }), (writes) => {
      const table = new Table<Row, "owner">({ owner: ({ owner }) => owner ?? undefined })
      const rows = writes.map(([key, owner]) => [key, owner === "nobody" ? null : owner] as const)
      for (const [key, owner] of rows) table.set(key, { owner })
      const model = filed(rows)
      for (const owner of ["x", "y", "z"]) {
        const expected = [...model].filter(([, each]) => each === owner).map(([key]) => table.get(key)!)
        assert.deepStrictEqual(table.where("owner", owner), expected)
      }
      for (const key of model.keys()) table.delete(key)
      for (const owner of ["x", "y"]) assert.deepStrictEqual(table.where("owner", owner), [])
    }))
  })
})
