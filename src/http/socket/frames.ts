// What a client may send, checked by hand before anything else sees it: only the known fields of a
// message survive, so headers, trace fields and reply-less requests cannot be smuggled in.
import * as Result from "effect/Result"
import type { SocketLimits } from "./limits.ts"

export type RequestId = string | number

export type ClientMessage =
  | {
    readonly _tag: "Request"
    readonly id: RequestId
    readonly tag: string
    readonly payload: unknown
    readonly headers: ReadonlyArray<[string, string]>
  }
  | {
    readonly _tag: "Ack"
    readonly requestId: RequestId
    /** How many chunks it answers. */
    readonly chunks: number
    /** From now on so many may be on their way unanswered; null: as before. */
    readonly credit: number | null
  }
  | { readonly _tag: "Interrupt"; readonly requestId: RequestId }
  | { readonly _tag: "Ping" | "Eof" }

type FrameLimits = Pick<SocketLimits, "batch_max" | "nesting_max">
type Checked<A> = Result.Result<A, string>

const idLengthMax = 64
const tagLengthMax = 100
const shownLengthMax = 60
/** Chunks of one stream that may be on their way unanswered, however many a client offers. */
export const creditMax = 32
const utf8 = new TextDecoder("utf-8", { fatal: true })

/** A value as part of an error message: enough to recognise it, never the whole of it. */
const shown = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value.slice(0, shownLengthMax))
  if (Array.isArray(value)) return "an array"
  if (typeof value === "object" && value !== null) return "an object"
  return value === undefined ? "nothing" : String(value)
}

const isRequestId = (value: unknown): value is RequestId =>
  typeof value === "string" ? value.length > 0 && value.length <= idLengthMax : Number.isSafeInteger(value)

const checkId = (field: string, value: unknown): Checked<RequestId> =>
  isRequestId(value)
    ? Result.succeed(value)
    : Result.fail(
      `${field} was ${shown(value)}; expected a string of 1 to ${idLengthMax} characters or an integer`
    )

const checkTag = (value: unknown): Checked<string> =>
  typeof value === "string" && value.length > 0 && value.length <= tagLengthMax
    ? Result.succeed(value)
    : Result.fail(`tag was ${shown(value)}; expected the name of a call`)

const checkRequest = (fields: Readonly<Record<string, unknown>>): Checked<ClientMessage> => {
  const id = checkId("id", fields["id"])
  if (Result.isFailure(id)) return Result.fail(id.failure)
  const tag = checkTag(fields["tag"])
  if (Result.isFailure(tag)) return Result.fail(tag.failure)
  return Result.succeed({
    _tag: "Request",
    id: id.success,
    tag: tag.success,
    // A call without arguments may leave them out.
    payload: fields["payload"] ?? {},
    headers: []
  })
}

/** A number of chunks, or what it is when it is not there. */
const checkChunks = <Absent>(field: string, value: unknown, absent: Absent): Checked<number | Absent> => {
  if (value === undefined) return Result.succeed(absent)
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= creditMax
    ? Result.succeed(Number(value))
    : Result.fail(`${field} was ${shown(value)}; expected an integer of 1 to ${creditMax}`)
}

const checkAck = (fields: Readonly<Record<string, unknown>>): Checked<ClientMessage> => {
  const requestId = checkId("requestId", fields["requestId"])
  if (Result.isFailure(requestId)) return Result.fail(requestId.failure)
  const chunks = checkChunks("chunks", fields["chunks"], 1)
  if (Result.isFailure(chunks)) return Result.fail(chunks.failure)
  const credit = checkChunks("credit", fields["credit"], null)
  if (Result.isFailure(credit)) return Result.fail(credit.failure)
  return Result.succeed({
    _tag: "Ack",
    requestId: requestId.success,
    chunks: chunks.success,
    credit: credit.success
  })
}

const checkMessage = (value: unknown): Checked<ClientMessage> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return Result.fail(`a message was ${shown(value)}; expected an object`)
  }
  const fields = value as Readonly<Record<string, unknown>>
  const tag = fields["_tag"]
  switch (tag) {
    case "Request":
      return checkRequest(fields)
    case "Ack":
      return checkAck(fields)
    case "Interrupt":
      return Result.map(checkId("requestId", fields["requestId"]), (requestId) => ({ _tag: tag, requestId }))
    case "Ping":
    case "Eof":
      return Result.succeed({ _tag: tag })
    default:
      return Result.fail(
        `_tag was ${shown(tag)}; expected Request, Ack, Interrupt, Ping or Eof`
      )
  }
}

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null

/** Walks level by level, and not recursively: the depth is the attacker's choice. */
const isNestedDeeperThan = (root: unknown, depthMax: number): boolean => {
  let level = isContainer(root) ? [root] : []
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > depthMax) return true
    const next: Array<object> = []
    for (const container of level) {
      for (const value of Object.values(container)) if (isContainer(value)) next.push(value)
    }
    level = next
  }
  return false
}

const decodeText = (data: string | Uint8Array): Checked<string> => {
  if (typeof data === "string") return Result.succeed(data)
  try {
    return Result.succeed(utf8.decode(data))
  } catch {
    return Result.fail("a binary frame that is not UTF-8; expected JSON text")
  }
}

const decodeJson = (text: string): Checked<unknown> => {
  try {
    return Result.succeed(JSON.parse(text))
  } catch {
    return Result.fail(
      `not JSON: ${shown(text)}; expected one message, or an array of messages`
    )
  }
}

const checkBatch = (
  batch: ReadonlyArray<unknown>,
  batchMax: number
): Checked<ReadonlyArray<ClientMessage>> => {
  if (batch.length === 0 || batch.length > batchMax) {
    return Result.fail(`a batch of ${batch.length} messages; expected 1 to ${batchMax}`)
  }
  const messages: Array<ClientMessage> = []
  for (const [index, value] of batch.entries()) {
    const checked = checkMessage(value)
    // All or nothing: a client that builds one message wrongly should not guess which others ran.
    if (Result.isFailure(checked)) return Result.fail(`message ${index} of the batch: ${checked.failure}`)
    messages.push(checked.success)
  }
  return Result.succeed(messages)
}

/** The messages of one frame, or a sentence saying what was given and what was expected. */
export const parseFrame = (
  data: string | Uint8Array,
  limits: FrameLimits
): Checked<ReadonlyArray<ClientMessage>> => {
  const text = decodeText(data)
  if (Result.isFailure(text)) return Result.fail(text.failure)
  const json = decodeJson(text.success)
  if (Result.isFailure(json)) return Result.fail(json.failure)
  const content = json.success
  if (isNestedDeeperThan(content, limits.nesting_max)) {
    return Result.fail(`nested deeper than ${limits.nesting_max} levels`)
  }
  if (Array.isArray(content)) return checkBatch(content, limits.batch_max)
  const message = checkMessage(content)
  return Result.isFailure(message) ? Result.fail(message.failure) : Result.succeed([message.success])
}
