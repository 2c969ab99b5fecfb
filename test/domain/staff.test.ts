// What the roles of staff may do, and that an unknown role may do nothing. The calls themselves are in
// test/http/internal.
import { assert, describe, it } from "@effect/vitest"
import { isAllowed, permissionsOf, resources, roles } from "../../src/domain/staff.ts"

const can = (role: string, action: "read" | "write", resource: (typeof resources)[number]) =>
  isAllowed(role, { action, resource })

describe("a role", () => {
  it("of an admin may do everything", () => {
    for (const resource of resources) {
      assert.isTrue(can("admin", "read", resource) && can("admin", "write", resource))
    }
  })

  it("of an operator runs the product but lets nobody in", () => {
    assert.isTrue(can("operator", "write", "mitras"))
    assert.isTrue(can("operator", "write", "settings"))
    for (const resource of ["staff", "test_numbers"] as const) {
      assert.isFalse(can("operator", "read", resource), resource)
      assert.isFalse(can("operator", "write", resource), resource)
    }
  })

  it("of a viewer changes nothing at all", () => {
    for (const resource of resources) assert.isFalse(can("viewer", "write", resource), resource)
    assert.isTrue(can("viewer", "read", "dashboard"))
  })

  it("that is unknown may do nothing", () => {
    for (const role of ["", "king", "constructor", "__proto__", "toString"]) {
      assert.isFalse(can(role, "read", "dashboard"), role)
    }
  })

  it("is described to people exactly as it is applied", () => {
    for (const role of roles) {
      const told = permissionsOf(role).map(({ action, resource }) => `${action} ${resource}`)
      const applied = resources.flatMap((resource) =>
        (["read", "write"] as const).filter((action) => can(role, action, resource))
          .map((action) => `${action} ${resource}`)
      )
      assert.deepStrictEqual(told, applied)
    }
  })
})
