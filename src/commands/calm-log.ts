// What Effect's cluster and sockets say of things that happen to a server: a Postgres that is away, a runner
// that hung up. They say it of every shard and every try: it is told once in half a minute, with how often it
// was said, and it warns. An ERROR is for what a person must mend.
import * as Logger from "effect/Logger"

const outages: ReadonlySet<string> = new Set([
  "Shard lock storage is unhealthy",
  "Shard lock storage is still unhealthy",
  "Could not release shards, retrying",
  "Could not acquire/release shards",
  "Forced shard release is still pending; reacquisition is blocked until release completes",
  "Unhandled error in SocketServer"
])

export const toldEveryMs = 30_000

interface Told {
  readonly at: number
  repeated: number
}

type Line = Logger.Options<unknown>

const textOf = (message: unknown): string => String(Array.isArray(message) ? message[0] : message)

/** Null: the line is left out. */
export const makeCalm = () => {
  const told = new Map<string, Told>()
  return (line: Line): Line | null => {
    const text = textOf(line.message)
    if (!outages.has(text)) return line
    const at = line.date.getTime()
    const before = told.get(text)
    if (before !== undefined && at - before.at < toldEveryMs) {
      before.repeated += 1
      return null
    }
    told.set(text, { at, repeated: 0 })
    const repeated = before?.repeated ?? 0
    return {
      ...line,
      logLevel: line.logLevel === "Error" ? "Warn" : line.logLevel,
      message: repeated === 0 ? line.message : [text, { repeated_since_the_last_one: repeated }]
    }
  }
}

export const calm = <Output>(logger: Logger.Logger<unknown, Output>) => {
  const calmed = makeCalm()
  return Logger.make<unknown, Output | void>((line) => {
    const shown = calmed(line)
    return shown === null ? undefined : logger.log(shown)
  })
}
