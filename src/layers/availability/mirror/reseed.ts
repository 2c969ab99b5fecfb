// The full reseed: the mirror made equal to the rows, page by page, while everything goes on. Safe to run
// twice at once, to be cut off, and to race with every write-through: each page has its own ticket.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import type { ReseedReport } from "../../../services/availability/mirror.ts"
import type { MirrorRows } from "../mirror-rows.postgres.ts"
import { listed, unavailable, Valkey } from "../../platform/valkey/connection.ts"
import { keys } from "./keys.ts"
import { type MirrorWrites, nothingWritten, plus, type Ticket, type Written } from "./mirror-writes.ts"
import { filled } from "./read-scripts.ts"
import { finishSeed, prune } from "./write-scripts.ts"

const pageRows = 5_000
const pageMembers = 1_000
/** A reseed that takes longer says how far it is. */
const tellEveryMs = 2_000

export interface Reseeded {
  readonly report: ReseedReport
  readonly generation: string
}

export const makeReseed = Effect.fnUntraced(function*(rows: MirrorRows, writes: MirrorWrites) {
  const valkey = yield* Valkey

  /** Every member of a set, in pieces, so that Valkey is never held up for long. */
  const membersOf = Effect.fnUntraced(function*(key: string) {
    const members: Array<string> = []
    let cursor = "0"
    do {
      const [next, page] =
        (yield* listed(valkey.call("SSCAN", key, cursor, "COUNT", pageMembers))) as unknown as [
          string,
          Array<string>
        ]
      members.push(...page)
      cursor = next
    } while (cursor !== "0")
    return members
  })

  const pruneBucket = Effect.fnUntraced(function*(kind: "seen" | "queue", bucket: string) {
    let pruned = 0
    for (let from = 0;; from += pageMembers) {
      const key = (kind === "seen" ? keys.seen : keys.queue) + bucket
      const members = (yield* listed(valkey.call("ZRANGE", key, from, from + pageMembers - 1))) as Array<
        string
      >
      if (members.length > 0) pruned += Number(yield* valkey.run(prune, [kind, bucket, ...members]))
      if (members.length < pageMembers) return pruned
    }
  })

  /** The sorted sets that have members, of one kind or of both. */
  const filledBuckets = Effect.fnUntraced(function*() {
    const flat = (yield* listed(valkey.run(filled, []))) as Array<"seen" | "queue" | string>
    return Array.from({ length: flat.length / 2 }, (_, index) => ({
      kind: flat[index * 2] as "seen" | "queue",
      bucket: flat[index * 2 + 1]!
    }))
  })

  const pruneAll = Effect.gen(function*() {
    const pruned = yield* Effect.forEach(
      yield* filledBuckets(),
      ({ bucket, kind }) => pruneBucket(kind, bucket),
      {
        concurrency: 4
      }
    )
    return pruned.reduce((sum, one) => sum + one, 0)
  })

  /** Reads `ids` again under a ticket of their own: by now they may have rows. */
  const rewrite = Effect.fnUntraced(function*(ids: ReadonlyArray<string>) {
    if (ids.length === 0) return nothingWritten
    const ticket = yield* writes.draw
    const found = yield* rows.of(ids)
    const known = new Set(found.map((row) => row.mitra_id))
    return yield* writes.write(ticket, found, ids.filter((id) => !known.has(id)))
  })

  const pages = Effect.fnUntraced(function*(startedAt: number) {
    const seen = new Set<string>()
    let total = nothingWritten
    let first: Ticket | null = null
    // A page is written while the next one is read.
    let writing: Fiber.Fiber<Written, Unavailable> | null = null
    let told = startedAt
    let after: string | null = null
    while (true) {
      const ticket: Ticket = yield* writes.draw
      first ??= ticket
      // A wipe in the middle: the pages before it are gone.
      if (ticket.generation !== first.generation) return yield* Effect.fail(unavailable)
      const page: Effect.Success<ReturnType<MirrorRows["page"]>> = yield* rows.page(after, pageRows)
      if (writing !== null) total = plus(total, yield* Fiber.join(writing))
      writing = yield* Effect.forkChild(writes.write(ticket, page, []), { startImmediately: true })
      for (const row of page) seen.add(row.mitra_id)
      const last = page.at(-1)
      if (last === undefined || page.length < pageRows) {
        return { seen, total: plus(total, yield* Fiber.join(writing)), first }
      }
      after = last.mitra_id
      const now = yield* Clock.currentTimeMillis
      if (now - told >= tellEveryMs) {
        told = now
        yield* Effect.logInfo("reseeding the mirror").pipe(Effect.annotateLogs({ mitras: seen.size }))
      }
    }
  })

  const reseed: Effect.Effect<Reseeded, Unavailable> = Effect.gen(function*() {
    const at = yield* Clock.currentTimeMillis
    const { first, seen, total } = yield* pages(at)
    const mirrored = [...yield* membersOf(keys.online), ...yield* membersOf(keys.deactivated)]
    const rest = yield* rewrite([...new Set(mirrored)].filter((id) => !seen.has(id)))
    const pruned = yield* pruneAll
    const finished = yield* valkey.run(finishSeed, [first.generation, at])
    if (finished !== 1) return yield* Effect.fail(unavailable)
    // Filling an empty mirror is no drift.
    const drift = (first.seeded ? total.drifted + rest.drifted : 0) + pruned
    const took_ms = (yield* Clock.currentTimeMillis) - at
    return {
      generation: first.generation,
      report: {
        at,
        took_ms,
        seeded: total.written,
        removed: total.removed + rest.removed + pruned,
        drift_found: drift,
        healed: drift
      }
    }
  })

  return { reseed, membersOf, filledBuckets, rewrite }
})

export type Reseed = Effect.Success<ReturnType<typeof makeReseed>>
