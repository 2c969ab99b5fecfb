// `rewrap`: seals with the first key what is plain or sealed with another, while servers run. Ends with a
// failure when texts remain. With --dry-run it only counts, and needs no key for that.
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { ConfigProblem, ServerConfig } from "../config/server-config.ts"
import { checkSchema } from "../layers/platform/postgres/database.ts"
import { checkKeys } from "../layers/encryption/key-record.ts"
import { countAll, rewrap as wrapAnew, type TextCounts } from "../layers/encryption/rewrap.ts"
import { cipher } from "../platform.ts"
import { given } from "./database.ts"

class TextsRemain extends Schema.TaggedError<TextsRemain>()("TextsRemain", { message: Schema.String }) {}

const linesOf = (counts: TextCounts): ReadonlyArray<string> =>
  [...counts].map(([column, byKey]) => {
    const each = [...byKey].toSorted(([a], [b]) => a < b ? -1 : 1).map(([id, count]) => `${id} ${count}`)
    return `${column.padEnd(32)}${each.length === 0 ? "none" : each.join(", ")}`
  })

const report = Effect.fnUntraced(function*(counts: TextCounts) {
  yield* Console.log("texts by column and key (plain: under none):")
  for (const line of linesOf(counts)) yield* Console.log(`  ${line}`)
})

const run = Effect.gen(function*() {
  yield* checkKeys
  const { counts, remaining, written } = yield* wrapAnew((line) => Console.log(line))
  yield* report(counts)
  yield* Console.log(`${written} texts rewritten, ${remaining} remain`)
  if (remaining === 0) return
  return yield* new TextsRemain({
    message: `${remaining} texts are not under the first key. Does every running server have this ` +
      "MESSAGE_ENCRYPTION_KEYS? Run it again; what cannot be opened is named above."
  })
})

export const rewrap = Effect.fnUntraced(function*(options: { readonly dry_run: boolean }) {
  const config = yield* ServerConfig
  if (config.message_encryption_keys === null && !options.dry_run) {
    return yield* new ConfigProblem({
      message: "MESSAGE_ENCRYPTION_KEYS is not set: there is no key to seal with. --dry-run counts without."
    })
  }
  const database = yield* given(config)
  yield* Effect.andThen(checkSchema, options.dry_run ? Effect.flatMap(countAll, report) : run).pipe(
    Effect.provide(Layer.merge(database, cipher(config)))
  )
})
