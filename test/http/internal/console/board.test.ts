// What watchers are told: everything at first, then what is newer than their cursor, in pages, and everything
// again when they were away for too long.
import { assert, describe, it } from "@effect/vitest"
import { Board, pageMax } from "../../../../src/http/internal/console/board.ts"
import type { LiveSession } from "../../../../src/services/oversight/oversight.ts"

const line = (session_id: string, unread_mitra = 0) => ({ session_id, unread_mitra }) as LiveSession
const ids = (page: ReturnType<Board["since"]>) => page.sessions.map((one) => one.session_id)
const counts = { online: 1, available: 1, waiting: 0, active: 1, closing: 0 }

describe("the board", () => {
  it("tells a newcomer everything, and then only what is newer", () => {
    const board = new Board("hub")
    board.put(line("a"))
    board.put(line("b"))
    const first = board.since(null)
    assert.deepStrictEqual([first.is_reset, first.is_complete, ids(first)], [true, true, ["a", "b"]])
    board.put(line("a", 3))
    board.remove("b")
    const next = board.since(first.cursor)
    assert.deepStrictEqual([next.is_reset, ids(next), next.removed], [false, ["a"], ["b"]])
    assert.deepStrictEqual(ids(board.since(next.cursor)), [])
  })

  it("cuts what is long into pages that lose nothing of what changes between them", () => {
    const board = new Board("hub")
    for (let n = 0; n < pageMax + 5; n += 1) board.put(line(`s${n}`))
    const first = board.since(null)
    assert.deepStrictEqual([first.is_complete, first.sessions.length], [false, pageMax])
    board.put(line("s0", 7))
    board.remove("s1")
    const second = board.since(first.cursor)
    assert.isTrue(second.is_complete)
    assert.deepStrictEqual(ids(second), ["s300", "s301", "s302", "s303", "s304", "s0"])
    assert.deepStrictEqual(second.removed, ["s1"])
  })

  it("begins anew for a cursor of another hub, of the future, or from before what it still knows", () => {
    const board = new Board("hub")
    board.put(line("a"))
    const { cursor } = board.since(null)
    assert.isTrue(board.since({ ...cursor, hub: "other" }).is_reset)
    assert.isTrue(board.since({ ...cursor, version: cursor.version + 1 }).is_reset)
    for (let n = 0; n < 2_001; n += 1) {
      board.put(line("b"))
      board.remove("b")
    }
    assert.isTrue(board.since(cursor).is_reset)
    const { cursor: newer } = board.since(null)
    board.clear()
    assert.deepStrictEqual([board.since(newer).is_reset, ids(board.since(newer))], [true, []])
  })

  it("keeps the counts of the last hour, and gives each of them once", () => {
    const board = new Board("hub")
    for (let minute = 0; minute < 90; minute += 1) board.sample(counts, minute * 60_000)
    const first = board.since(null)
    assert.strictEqual(first.history[0]?.at, 29 * 60_000)
    board.sample(counts, 90 * 60_000)
    assert.lengthOf(board.since(first.cursor).history, 1)
  })

  it("counts a change of numbers as news, and the same numbers as none", () => {
    const board = new Board("hub")
    assert.isTrue(board.setCounts(counts))
    const { version } = board
    assert.isFalse(board.setCounts({ ...counts }))
    assert.strictEqual(board.version, version)
  })
})
