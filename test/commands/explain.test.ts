// What a failed start says: the words a person needs, once, and no stack trace for what was foreseen.
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import { explain } from "../../src/commands/explain.ts"
import { ConfigProblem } from "../../src/config/server-config.ts"

const portTaken = Object.assign(new Error("listen EADDRINUSE: address already in use 0.0.0.0:3000"), {
  code: "EADDRINUSE"
})

describe("a command that failed", () => {
  it("says the sentence of a foreseen problem, whether it failed or died of it", () => {
    const problem = new ConfigProblem({ message: "The server cannot start:\n  - A is missing" })
    assert.strictEqual(explain(Cause.fail(problem)), problem.message)
    assert.strictEqual(explain(Cause.die(problem)), problem.message)
  })

  it("finds the words under wrappers that say nothing", () => {
    const wrapped = { _tag: "ServeError", message: "", cause: portTaken }
    const words = explain(Cause.fail(wrapped)) ?? ""
    assert.match(words, /^listen EADDRINUSE: address already in use 0\.0\.0\.0:3000\n/)
    assert.include(words, "PUBLIC_PORT")
  })

  it("does not repeat what a wrapper repeats", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:5432"), { code: "ECONNREFUSED" })
    const reason = { _tag: "ConnectionError", message: "Failed to connect", cause: refused }
    const words = explain(Cause.fail({ _tag: "SqlError", message: "Failed to connect", reason })) ?? ""
    assert.match(words, /^Failed to connect: connect ECONNREFUSED 127\.0\.0\.1:5432\n.*DATABASE_URL/)
  })

  it("says nothing when somebody asked for the end, or when the help was printed", () => {
    assert.isNull(explain(Cause.interrupt(1)))
    assert.isNull(explain(Cause.fail({ _tag: "ShowHelp", message: "Help requested" })))
  })

  it("shows everything about what nobody foresaw", () => {
    assert.include(explain(Cause.die(new TypeError("x is not a function"))) ?? "", "explain.test.ts")
    const circle: { cause?: unknown } = new Error("round")
    circle.cause = circle
    assert.include(explain(Cause.die(circle)) ?? "", "round")
  })
})
