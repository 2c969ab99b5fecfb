// What travels on a lane: lines of JSON, each a batch of messages, after a greeting that no frame of the
// cluster's own protocol can begin with. An empty batch asks whether the other end is there, or says so.

/** Both ends say it first. A runner of a version before takes it for an absurdly long frame and hangs up. */
export const greeting = "halobestie lane 1\n"

/** Messages in a line: what reads one holds up nobody for long. */
const batchMax = 128
/** Of a line; more is no batch that a runner made. */
const lineMaxBytes = 32 * 1024 * 1024

/** A call with its number, or the number alone: nobody waits for the answer any more. */
export type Asked = readonly [n: number, kind: string, id: string, call: unknown] | readonly [n: number]

/** How a call ended. `elsewhere`: it was not taken, or may not have been; the cluster must carry it. */
export const endings = { success: 0, failure: 1, elsewhere: 2 } as const
export type Answered = readonly [n: number, ending: number, value?: unknown]

export type Message = Asked | Answered

/** The lines that carry these messages. */
export const linesOf = (messages: ReadonlyArray<Message>): string => {
  let lines = ""
  for (let at = 0; at < messages.length; at += batchMax) {
    lines += `${JSON.stringify(messages.slice(at, at + batchMax))}\n`
  }
  return lines
}

/** Says that this end is there. */
export const signOfLife = "[]\n"

const lineFeed = 10

/** Puts lines together from what arrives; throws when one never ends. */
export const makeLineReader = () => {
  let held: Array<Uint8Array> = []
  let heldBytes = 0
  return (arrived: Uint8Array | string): ReadonlyArray<string> => {
    const chunk = typeof arrived === "string" ? Buffer.from(arrived) : arrived
    const lines: Array<string> = []
    let from = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      lines.push(Buffer.concat([...held, chunk.subarray(from, end)]).toString())
      held = []
      heldBytes = 0
      from = end + 1
    }
    if (from === chunk.length) return lines
    held.push(chunk.subarray(from))
    heldBytes += chunk.length - from
    if (heldBytes > lineMaxBytes) throw new Error("a line of a lane has no end")
    return lines
  }
}

/** The batch in a line; throws when it is none. */
export const batchOf = (line: string): ReadonlyArray<ReadonlyArray<unknown>> => {
  const batch: unknown = JSON.parse(line)
  if (Array.isArray(batch) && batch.every(Array.isArray)) return batch
  throw new Error("a line of a lane holds no batch")
}
