// What one statement changed in the database: every table is watched where it is written, so that a rule
// looks at the rows that moved and never at all of them.
import type { Tables } from "../../layers/memory/tables.ts"

/** Tables whose rows have a key; the others only ever grow. */
export type KeyedTable = {
  [Name in keyof Tables]: Tables[Name] extends ReadonlyMap<string, unknown> ? Name : never
}[keyof Tables]

export type RowOf<Name extends KeyedTable> = Tables[Name] extends ReadonlyMap<string, infer Row> ? Row : never

export interface Change<Row> {
  readonly key: string
  readonly before: Row | undefined
  readonly after: Row | undefined
}

export type RowListeners = {
  readonly [Name in KeyedTable]?: (change: Change<RowOf<Name>>) => void
}

type AnyTable = Map<string, unknown>

export class RowWatch {
  readonly #tables: ReadonlyMap<string, AnyTable>
  /** By table and key: the row before the first write since the last look. */
  readonly #before = new Map<string, Map<string, unknown>>()

  constructor(tables: Tables) {
    const keyed = Object.entries(tables).flatMap(([name, table]): ReadonlyArray<[string, AnyTable]> =>
      table instanceof Map ? [[name, table as AnyTable]] : []
    )
    this.#tables = new Map(keyed)
    for (const [name, table] of keyed) this.#watch(name, table)
  }

  get hasChanges(): boolean {
    return this.#before.size > 0
  }

  /** Hands out the net changes since the last call, in the order in which tables and rows were touched. */
  flush(listen: (table: string, change: Change<unknown>) => void): void {
    if (!this.hasChanges) return
    const changed = [...this.#before]
    this.#before.clear()
    for (const [name, rows] of changed) {
      const table = this.#tables.get(name)
      for (const [key, before] of rows) {
        const after = table?.get(key)
        if (after !== before) listen(name, { key, before, after })
      }
    }
  }

  #watch(name: string, table: AnyTable): void {
    const set = table.set.bind(table)
    const remove = table.delete.bind(table)
    table.set = (key, row) => {
      this.#note(name, key, table.get(key))
      set(key, row)
      return table
    }
    table.delete = (key) => {
      this.#note(name, key, table.get(key))
      return remove(key)
    }
  }

  #note(name: string, key: string, before: unknown): void {
    const rows = this.#before.get(name) ?? new Map<string, unknown>()
    if (!rows.has(key)) rows.set(key, before)
    this.#before.set(name, rows)
  }
}
