// As much of Valkey as our adapters use, in one process: strings, hashes, sets and sorted sets that may
// expire. Replies are those of the protocol: text, whole numbers, null and lists.

export type Reply = string | number | null | ReadonlyArray<Reply>

type Value =
  | { readonly kind: "string"; text: string }
  | { readonly kind: "hash"; readonly fields: Map<string, string> }
  | { readonly kind: "set"; readonly members: Set<string> }
  | { readonly kind: "zset"; readonly scores: Map<string, number>; sorted: ReadonlyArray<string> | null }

type Command = (args: ReadonlyArray<string>) => Reply

const scoreText = (score: number | undefined): string | null => score === undefined ? null : String(score)

/** "(5" leaves 5 out, "-inf" and "+inf" have no end. */
const boundOf = (text: string): { readonly at: number; readonly isOpen: boolean } => {
  const isOpen = text.startsWith("(")
  const bare = isOpen ? text.slice(1) : text
  const at = bare === "-inf" ? -Infinity : bare === "+inf" || bare === "inf" ? Infinity : Number(bare)
  return { at, isOpen }
}

const within = (low: string, high: string) => {
  const from = boundOf(low)
  const to = boundOf(high)
  return (score: number) =>
    (from.isOpen ? score > from.at : score >= from.at) && (to.isOpen ? score < to.at : score <= to.at)
}

export class ValkeyEngine {
  readonly #values = new Map<string, Value>()
  readonly #expires = new Map<string, number>()
  readonly #nowMs: () => number
  #evicted = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** FLUSHALL, or another instance in its place. */
  wipe(): void {
    this.#values.clear()
    this.#expires.clear()
  }

  get keys(): ReadonlyArray<string> {
    return [...this.#values.keys()].filter((key) => this.#has(key))
  }

  get evicted(): number {
    return this.#evicted
  }

  /** Throws a key away to make room, as a full one does. */
  evict(key: string): void {
    if (this.#remove(key)) this.#evicted += 1
  }

  run(command: string, args: ReadonlyArray<string>): Reply {
    const known = this.#commands[command.toUpperCase()]
    if (known === undefined) throw new Error(`the simulated Valkey does not know ${command}`)
    return known(args)
  }

  #find<Kind extends Value["kind"]>(key: string, kind: Kind): Extract<Value, { readonly kind: Kind }> | null {
    const until = this.#expires.get(key)
    if (until !== undefined && until <= this.#nowMs()) this.#remove(key)
    const value = this.#values.get(key)
    if (value === undefined) return null
    if (value.kind !== kind) throw new Error(`WRONGTYPE ${key} is a ${value.kind}`)
    return value as Extract<Value, { readonly kind: Kind }>
  }

  #make<V extends Value>(key: string, found: V | null, made: V): V {
    if (found !== null) return found
    this.#values.set(key, made)
    return made
  }

  #remove(key: string): boolean {
    this.#expires.delete(key)
    return this.#values.delete(key)
  }

  #has(key: string): boolean {
    const until = this.#expires.get(key)
    if (until !== undefined && until <= this.#nowMs()) this.#remove(key)
    return this.#values.has(key)
  }

  #hash = (key: string) => this.#make(key, this.#find(key, "hash"), { kind: "hash", fields: new Map() })
  #set = (key: string) => this.#make(key, this.#find(key, "set"), { kind: "set", members: new Set() })
  #zset = (key: string) =>
    this.#make(key, this.#find(key, "zset"), { kind: "zset", scores: new Map(), sorted: null })

  /** By score, then by text, as Valkey orders them. */
  #sorted(key: string): ReadonlyArray<string> {
    const zset = this.#find(key, "zset")
    if (zset === null) return []
    const { scores } = zset
    zset.sorted ??= [...scores.keys()].toSorted((a, b) =>
      (scores.get(a) ?? 0) - (scores.get(b) ?? 0) || (a < b ? -1 : 1)
    )
    return zset.sorted
  }

  #score = (key: string, member: string): number => this.#find(key, "zset")?.scores.get(member) ?? 0

  #setString(key: string, text: string, options: ReadonlyArray<string>): Reply {
    const flags = options.map((option) => option.toUpperCase())
    if (flags.includes("NX") && this.#has(key)) return null
    this.#remove(key)
    this.#values.set(key, { kind: "string", text })
    const px = flags.indexOf("PX")
    if (px >= 0) this.#expires.set(key, this.#nowMs() + Number(options[px + 1]))
    return "OK"
  }

  #expire(key: string, ms: number): number {
    if (!this.#has(key)) return 0
    this.#expires.set(key, this.#nowMs() + ms)
    return 1
  }

  #zadd(key: string, args: ReadonlyArray<string>): number {
    const counts = args[0]?.toUpperCase() === "CH"
    const pairs = counts ? args.slice(1) : args
    const zset = this.#zset(key)
    let changed = 0
    for (let index = 0; index + 1 < pairs.length; index += 2) {
      const [score, member] = [Number(pairs[index]), pairs[index + 1] ?? ""]
      const before = zset.scores.get(member)
      if (before === score) continue
      if (before === undefined || counts) changed += 1
      zset.scores.set(member, score)
      zset.sorted = null
    }
    return changed
  }

  #zrem(key: string, members: ReadonlyArray<string>): number {
    const zset = this.#find(key, "zset")
    if (zset === null) return 0
    const removed = members.filter((member) => zset.scores.delete(member)).length
    if (removed > 0) zset.sorted = null
    if (zset.scores.size === 0) this.#remove(key)
    return removed
  }

  #zrangebyscore(key: string, low: string, high: string, options: ReadonlyArray<string>): Reply {
    const isWithin = within(low, high)
    const flags = options.map((option) => option.toUpperCase())
    const limit = flags.indexOf("LIMIT")
    const all = this.#sorted(key).filter((member) => isWithin(this.#score(key, member)))
    const from = limit < 0 ? 0 : Number(options[limit + 1])
    const found = limit < 0 ? all : all.slice(from, from + Number(options[limit + 2]))
    return flags.includes("WITHSCORES") ? this.#withScores(key, found) : found
  }

  #withScores(key: string, members: ReadonlyArray<string>): ReadonlyArray<string> {
    return members.flatMap((member) => [member, String(this.#score(key, member))])
  }

  #srem(key: string, members: ReadonlyArray<string>): number {
    const set = this.#find(key, "set")
    if (set === null) return 0
    const removed = members.filter((member) => set.members.delete(member)).length
    if (set.members.size === 0) this.#remove(key)
    return removed
  }

  #sadd(key: string, members: ReadonlyArray<string>): number {
    const set = this.#set(key)
    const before = set.members.size
    for (const member of members) set.members.add(member)
    return set.members.size - before
  }

  #hset(key: string, fields: ReadonlyArray<string>): number {
    const hash = this.#hash(key)
    const before = hash.fields.size
    for (let index = 0; index + 1 < fields.length; index += 2) {
      hash.fields.set(fields[index] ?? "", fields[index + 1] ?? "")
    }
    return hash.fields.size - before
  }

  #hdel(key: string, fields: ReadonlyArray<string>): number {
    const hash = this.#find(key, "hash")
    if (hash === null) return 0
    const removed = fields.filter((field) => hash.fields.delete(field)).length
    if (hash.fields.size === 0) this.#remove(key)
    return removed
  }

  #increase(key: string, field: string, by: number): number {
    const hash = this.#hash(key)
    const sum = Number(hash.fields.get(field) ?? "0") + by
    hash.fields.set(field, String(sum))
    return sum
  }

  readonly #commands: Readonly<Record<string, Command>> = {
    PING: () => "PONG",
    INFO: () => `run_id:simulated\r\nevicted_keys:${this.#evicted}\r\n`,
    GET: ([key = ""]) => this.#find(key, "string")?.text ?? null,
    MGET: (keys) => keys.map((key) => this.#find(key, "string")?.text ?? null),
    SET: ([key = "", text = "", ...options]) => this.#setString(key, text, options),
    DEL: (keys) => keys.filter((key) => this.#has(key) && this.#remove(key)).length,
    EXISTS: (keys) => keys.filter((key) => this.#has(key)).length,
    EXPIRE: ([key = "", seconds = "0"]) => this.#expire(key, Number(seconds) * 1000),
    PEXPIRE: ([key = "", ms = "0"]) => this.#expire(key, Number(ms)),
    PERSIST: ([key = ""]) => this.#expires.delete(key) ? 1 : 0,
    INCR: ([key = ""]) => {
      const next = Number(this.#find(key, "string")?.text ?? "0") + 1
      const kept = this.#find(key, "string")
      if (kept === null) this.#values.set(key, { kind: "string", text: String(next) })
      else kept.text = String(next)
      return next
    },
    HGET: ([key = "", field = ""]) => this.#find(key, "hash")?.fields.get(field) ?? null,
    HMGET: ([key = "", ...fields]) => {
      const hash = this.#find(key, "hash")
      return fields.map((field) => hash?.fields.get(field) ?? null)
    },
    HSET: ([key = "", ...fields]) => this.#hset(key, fields),
    HSETNX: ([key = "", field = "", text = ""]) =>
      this.#hash(key).fields.has(field) ? 0 : this.#hset(key, [field, text]),
    HDEL: ([key = "", ...fields]) => this.#hdel(key, fields),
    HINCRBY: ([key = "", field = "", by = "0"]) => this.#increase(key, field, Number(by)),
    SADD: ([key = "", ...members]) => this.#sadd(key, members),
    SREM: ([key = "", ...members]) => this.#srem(key, members),
    SISMEMBER: ([key = "", member = ""]) => this.#find(key, "set")?.members.has(member) ? 1 : 0,
    SCARD: ([key = ""]) => this.#find(key, "set")?.members.size ?? 0,
    SSCAN: ([key = ""]) => ["0", [...this.#find(key, "set")?.members ?? []]],
    ZADD: ([key = "", ...args]) => this.#zadd(key, args),
    ZREM: ([key = "", ...members]) => this.#zrem(key, members),
    ZSCORE: ([key = "", member = ""]) => scoreText(this.#find(key, "zset")?.scores.get(member)),
    ZCARD: ([key = ""]) => this.#find(key, "zset")?.scores.size ?? 0,
    ZCOUNT: ([key = "", low = "", high = ""]) =>
      [...this.#find(key, "zset")?.scores.values() ?? []].filter(within(low, high)).length,
    ZRANGE: ([key = "", from = "0", to = "-1", ...options]) => {
      const page = this.#sorted(key).slice(Number(from), Number(to) < 0 ? undefined : Number(to) + 1)
      return options.includes("WITHSCORES") ? this.#withScores(key, page) : page
    },
    ZRANGEBYSCORE: ([key = "", low = "", high = "", ...options]) =>
      this.#zrangebyscore(key, low, high, options),
    ZREMRANGEBYSCORE: ([key = "", low = "", high = ""]) =>
      this.#zrem(key, this.#zrangebyscore(key, low, high, []) as ReadonlyArray<string>)
  }
}
