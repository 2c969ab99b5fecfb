// Log lines of one turn of the event loop: written together, in order, and none is kept back at the end.
import { assert, describe, it } from "@effect/vitest"
import { setImmediate as turn } from "node:timers/promises"
import { makeLines } from "../../src/commands/log-lines.ts"

const written = () => {
  const writes: Array<string> = []
  let exit = () => {}
  const line = makeLines({ write: (text) => writes.push(text) }, (last) => void (exit = last))
  return { writes, line, exit: () => exit() }
}

describe("log lines", () => {
  it("of one turn of the event loop leave in one write, in order", async () => {
    const { line, writes } = written()
    line("one")
    line("two")
    assert.deepStrictEqual(writes, [])
    await turn()
    line("three")
    await turn()
    assert.deepStrictEqual(writes, ["one\ntwo\n", "three\n"])
  })

  it("that are still held when the process exits are written before it does", async () => {
    const { exit, line, writes } = written()
    line("the last words")
    exit()
    await turn()
    assert.deepStrictEqual(writes, ["the last words\n"])
  })
})
