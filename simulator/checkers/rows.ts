// What one statement changed in the database: every table is watched where it is written, so that a rule
// reads the rows that changed and never scans a table.
import type { Tables } from "../../testkit/memory/store/tables.ts"

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

interface Watched {
  readonly name: string
  readonly table: AnyTable
  /** Every write since the last flush, with the row that it replaced. */
  writes: Array<{ readonly key: string; readonly before: unknown }>
}

export class RowWatch {
  /** Tables that were written to since the last flush. */
  #touched: Array<Watched> = []

  constructor(tables: Tables) {
    for (const [name, table] of Object.entries(tables)) {
      if (table instanceof Map) this.#watch({ name, table: table as AnyTable, writes: [] })
    }
  }

  get hasChanges(): boolean {
    return this.#touched.length > 0
  }

  /** Hands out the net changes since the last call, in the order in which tables and rows were touched. */
  flush(listen: (table: string, change: Change<unknown>) => void): void {
    if (!this.hasChanges) return
    const changed = this.#touched.map((watched) => ({ ...watched }))
    for (const watched of this.#touched) watched.writes = []
    this.#touched = []
    for (const { name, table, writes } of changed) {
      for (const { before, key } of firstOfEach(writes)) {
        const after = table.get(key)
        if (after !== before) listen(name, { key, before, after })
      }
    }
  }

  #watch(watched: Watched): void {
    const { table } = watched
    const set = table.set.bind(table)
    const remove = table.delete.bind(table)
    table.set = (key, row) => {
      this.#note(watched, key)
      set(key, row)
      return table
    }
    table.delete = (key) => {
      this.#note(watched, key)
      return remove(key)
    }
  }

  #note(watched: Watched, key: string): void {
    if (watched.writes.length === 0) this.#touched.push(watched)
    watched.writes.push({ key, before: watched.table.get(key) })
  }
}

/** What a row was before all of its writes. */
const firstOfEach = (writes: Watched["writes"]): Watched["writes"] => {
  if (writes.length === 1) return writes
  const seen = new Set<string>()
  return writes.filter(({ key }) => !seen.has(key) && seen.add(key))
}
