// The version after this one, made of this checkout: the same code with one migration that adds, a backfill
// that fills what was added, and one that older code is not made for. What the next release will do to the
// one that is at work, before there is a next release.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { schemaVersion } from "../../src/layers/platform/postgres/migrations.ts"
import { type Program, programOf } from "./server-process.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const registry = "src/layers/platform/postgres/migrations.ts"
const fills = "src/layers/platform/postgres/backfills.ts"

const numbered = (offset: number, name: string) =>
  `${String(schemaVersion + offset).padStart(4, "0")}_${name}`
const adds = numbered(1, "add_marks")
const demands = numbered(2, "demand_marks")

/** The step that waits until no server of before is at work. */
export const contractOfNext = demands

const migration = (statement: string) =>
  `import { runStatements } from "./run-statements.ts"\nexport default runStatements([\`${statement}\`])\n`

/** Replaces, and fails where the text to replace is gone: then this file is what must follow. */
const edited = (path: string, ...edits: ReadonlyArray<readonly [string, string]>) => {
  let text = readFileSync(path, "utf8")
  for (const [from, to] of edits) {
    if (!text.includes(from)) throw new Error(`${path} has no longer: ${from}`)
    text = text.replace(from, to)
  }
  writeFileSync(path, text)
}

const backfill = `[{
  name: "mark messages",
  after: "${adds}",
  batch: (after) => Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql\`UPDATE messages SET mark = seq::text WHERE (session_id, seq) IN (
      SELECT session_id, seq FROM messages
      WHERE session_id::text || to_char(seq, '0000000000') > \${after ?? ""}
      ORDER BY session_id::text || to_char(seq, '0000000000') LIMIT 20
    ) RETURNING session_id::text || to_char(seq, '0000000000') AS at\`
    const last = rows.map((row) => String(row.at)).toSorted().at(-1)
    return { rows: rows.length, last_row: rows.length < 20 ? null : last }
  })
}] as any`

/** In a folder of its own, gone with the scope. */
export const nextVersion: Effect.Effect<Program, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "halobestie-next-"))
    for (const part of ["src", "migrations", "package.json"]) {
      cpSync(join(root, part), join(folder, part), { recursive: true })
    }
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
    writeFileSync(
      join(folder, `migrations/${adds}.ts`),
      migration("ALTER TABLE messages ADD COLUMN mark text DEFAULT 'new'")
    )
    writeFileSync(
      join(folder, `migrations/${demands}.ts`),
      migration("ALTER TABLE messages ALTER COLUMN mark SET NOT NULL")
    )
    edited(
      join(folder, registry),
      [
        "\nconst migrations = {",
        `\nimport adds from "../../../../migrations/${adds}.ts"\n` +
        `import demands from "../../../../migrations/${demands}.ts"\n\n` +
        `const migrations = {\n  "${adds}": adds,\n  "${demands}": demands,`
      ],
      [
        "Partial<Record<MigrationName, number>> = {}",
        `Partial<Record<MigrationName, number>> = { "${demands}": ${schemaVersion + 2} }`
      ]
    )
    edited(join(folder, fills), [
      "backfills: ReadonlyArray<Backfill> = [",
      `backfills: any = [...(${backfill}), `
    ])
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
).pipe(Effect.map(programOf))
