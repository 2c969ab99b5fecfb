// What happened, line by line: hashed always, kept only where a timeline is wanted. Two runs are the
// same run when their hashes are equal.
import { createHash } from "node:crypto"

export interface TraceEntry {
  readonly at_us: number
  /** A client, a runner, a store, or "world". */
  readonly who: string
  readonly what: string
  readonly detail: string
}

const freshMax = 64_000

export class Trace {
  readonly #hash = createHash("sha256")
  /** Lines that are not hashed yet: by the line, hashing costs as much as writing them. */
  #fresh = ""
  readonly #keep: boolean
  readonly entries: Array<TraceEntry> = []
  lines = 0

  constructor(options: { readonly keep: boolean }) {
    this.#keep = options.keep
  }

  add(at_us: number, who: string, what: string, detail = ""): void {
    this.lines += 1
    this.#fresh += `${at_us} ${who} ${what} ${detail}\n`
    if (this.#fresh.length > freshMax) this.#hashFresh()
    if (this.#keep) this.entries.push({ at_us, who, what, detail })
  }

  /** Of everything so far. */
  hash(): string {
    this.#hashFresh()
    return this.#hash.copy().digest("hex").slice(0, 16)
  }

  #hashFresh(): void {
    this.#hash.update(this.#fresh)
    this.#fresh = ""
  }
}
