// Which ends of a call a client may see: success, the handler's own error, its own cancel. All else is
// ours to log.
import { assert, describe, it } from "@effect/vitest"
import type { ResponseExitEncoded } from "effect/rpc/RpcMessage"
import type { Call } from "../../../src/http/socket/live-connection.ts"
import { classifyExit } from "../../../src/http/socket/replies.ts"

type Reason = Extract<ResponseExitEncoded["exit"], { readonly _tag: "Failure" }>["cause"][number]

const fail: Reason = { _tag: "Fail", error: { code: "SESSION_OVER" } }
const die: Reason = { _tag: "Die", defect: "secret" }
const interrupt: Reason = { _tag: "Interrupt", fiberId: 42 }
const call = (interrupted_by_client = false): Call => ({
  tag: "test",
  is_stream: false,
  began_at: 0,
  is_overdue: false,
  payload: undefined,
  interrupted_by_client,
  fiber: null,
  unacknowledged: 0,
  credit: 1,
  tells_credit: false,
  is_held: false,
  goOn: null
})
const rotationOf = (cause: ReadonlyArray<Reason>, interruptedByClient = false) =>
  classifyExit({ _tag: "Failure", cause }, call(interruptedByClient))

describe("the end of a call", () => {
  it("is the handler's error, alone, whatever else happened beside it", () => {
    for (const cause of [[fail], [fail, die], [die, fail], [interrupt, fail], [fail, fail]]) {
      assert.deepStrictEqual(rotationOf(cause), { _tag: "Answer", exit: { _tag: "Failure", cause: [fail] } })
    }
  })

  it("is a fault when it died, also when it was cancelled while dying", () => {
    for (const cause of [[die], [die, interrupt], [interrupt, die]]) {
      assert.deepStrictEqual(rotationOf(cause, true), { _tag: "Fault", defect: "secret" })
    }
  })

  it("is a cancel, without naming our fibers, only when the client asked for it", () => {
    assert.deepStrictEqual(rotationOf([interrupt], true), {
      _tag: "Answer",
      exit: { _tag: "Failure", cause: [{ _tag: "Interrupt", fiberId: null }] }
    })
  })

  it("is TryAgain when the server stopped it, or when there is no reason at all", () => {
    for (const cause of [[interrupt], []]) {
      const judged = rotationOf(cause)
      assert.include(JSON.stringify(judged), "TryAgain")
      assert.notInclude(JSON.stringify(judged), "42")
    }
  })
})
