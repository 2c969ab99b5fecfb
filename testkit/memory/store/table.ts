// One table of the in-memory store: rows by primary key, and found by other columns without looking at all
// of them. An index is what it is in Postgres: it makes a question cheap and never changes its answer.

/** What each index files a row under; undefined leaves the row out of it. */
export type Indexes<Row, Name extends string> = Readonly<Record<Name, (row: Row) => string | undefined>>

type Filing<Row, Name> = readonly [Name, (row: Row) => string | undefined]

export class Table<Row, Name extends string = never> extends Map<string, Row> {
  readonly #indexes: ReadonlyArray<Filing<Row, Name>>
  /** By index and value: the keys of the rows; most values of most indexes have one row only. */
  readonly #filed = new Map<Name, Map<string, string | Set<string>>>()

  constructor(indexes: Indexes<Row, Name>) {
    super()
    this.#indexes = Object.entries(indexes) as unknown as ReadonlyArray<Filing<Row, Name>>
    for (const [name] of this.#indexes) this.#filed.set(name, new Map())
  }

  override set(key: string, row: Row): this {
    const before = this.get(key)
    for (const [name, fileUnder] of this.#indexes) {
      const [old, now] = [before === undefined ? undefined : fileUnder(before), fileUnder(row)]
      if (old === now) continue
      this.#takeOut(name, old, key)
      this.#putIn(name, now, key)
    }
    return super.set(key, row)
  }

  override delete(key: string): boolean {
    const before = this.get(key)
    if (before === undefined) return false
    for (const [name, fileUnder] of this.#indexes) this.#takeOut(name, fileUnder(before), key)
    return super.delete(key)
  }

  override clear(): void {
    for (const filed of this.#filed.values()) filed.clear()
    super.clear()
  }

  /** Rows filed under this value; rows that were filed earlier come first. */
  where(name: Name, value: string): ReadonlyArray<Row> {
    const keys = this.#filed.get(name)?.get(value)
    if (keys === undefined) return []
    if (typeof keys === "string") return [this.get(keys)!]
    const rows: Array<Row> = []
    for (const key of keys) {
      const row = this.get(key)
      if (row !== undefined) rows.push(row)
    }
    return rows
  }

  #putIn(name: Name, value: string | undefined, key: string): void {
    if (value === undefined) return
    const filed = this.#filed.get(name)
    const keys = filed?.get(value)
    if (keys === undefined) filed?.set(value, key)
    else if (typeof keys === "string") filed?.set(value, new Set([keys, key]))
    else keys.add(key)
  }

  #takeOut(name: Name, value: string | undefined, key: string): void {
    if (value === undefined) return
    const filed = this.#filed.get(name)
    const keys = filed?.get(value)
    if (typeof keys === "object") keys.delete(key)
    if (keys === key || (typeof keys === "object" && keys.size === 0)) filed?.delete(value)
  }
}
