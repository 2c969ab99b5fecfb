// Calls that this protocol runs itself: all that have no middleware, but for streams that come in no pages.
// Compiled codecs decode their payloads and encode their answers in the step that reads or writes the frame,
// and nothing stands between that and their one fiber. The rest is the RPC server's.
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Headers from "effect/http/Headers"
import * as Result from "effect/Result"
import { Rpc, RpcSchema, RpcSerialization } from "effect/rpc"
import type { ResponseExitEncoded } from "effect/rpc/RpcMessage"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { refuse } from "../../domain/refusal.ts"
import { IsTraced, spanned } from "../../services/operations/spans.ts"
import type { SendChunk } from "./answering.ts"
import { type ActiveConnection, onConnection } from "./connection.ts"
import type { ClientMessage, RequestId } from "./frames.ts"
import type { Call, LiveConnection } from "./live-connection.ts"
import { flow, pagesOf } from "./pages.ts"
import { refusedExit } from "./replies.ts"

type Request = Extract<ClientMessage, { readonly _tag: "Request" }>
type EncodedExit = ResponseExitEncoded["exit"]
type Codec = Schema.Codec<unknown, unknown>
/** Its scope is the call's. */
type Handler = Effect.Effect<unknown, unknown, Scope.Scope>

interface OwnCall {
  readonly decode: (payload: unknown) => Result.Result<unknown, { readonly message: string }>
  /** What to run; null when it is the RPC server's after all. */
  readonly handler: (payload: unknown, request: Request, live: LiveConnection) => Handler | null
  readonly context: Context.Context<never>
  readonly encode: (exit: Exit.Exit<unknown, unknown>) => EncodedExit
}

type Encode = (value: unknown) => Result.Result<unknown, unknown>

const codecOf = (schema: unknown): Codec => RpcSerialization.json.codecFor(schema as never) as never

const died = (defect: unknown): EncodedExit => ({ _tag: "Failure", cause: [{ _tag: "Die", defect }] })

/** An answer that cannot be encoded is our mistake, and a cause is told with its whole stack. */
const makeEncode = (rpc: Rpc.AnyWithProps): OwnCall["encode"] => {
  const encodeValue = Schema.encodeUnknownResult(codecOf(rpc.successSchema))
  const encodeExit = Schema.encodeUnknownResult(codecOf(Rpc.exitSchema(rpc as never)))
  return (exit) => {
    if (Exit.isFailure(exit) && Cause.hasDies(exit.cause) && !exit.cause.reasons.some(Cause.isFailReason)) {
      return died(exit.cause)
    }
    const encoded = Exit.isSuccess(exit)
      ? Result.map(encodeValue(exit.value), (value): EncodedExit => ({ _tag: "Success", value }))
      : encodeExit(exit) as Result.Result<EncodedExit, unknown>
    return Result.isSuccess(encoded) ? encoded.success : died(encoded.failure)
  }
}

/** Undefined for what is no stream. */
const makeEncodePage = (rpc: Rpc.AnyWithProps) =>
  RpcSchema.isStreamSchema(rpc.successSchema)
    ? Schema.encodeUnknownResult(codecOf(Schema.NonEmptyArray(rpc.successSchema.success)))
    : undefined

/** Waits until the client may be sent the next chunk. */
const acknowledged = (call: Call): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (!call.is_held) return resume(Effect.void)
    call.goOn = () => resume(Effect.void)
    return Effect.sync(() => {
      call.goOn = null
    })
  })

const ownCallOf = (
  rpc: Rpc.AnyWithProps,
  context: Context.Context<never>,
  sendChunk: SendChunk
): OwnCall | null => {
  if (rpc.middlewares.size > 0) return null
  const key = { key: rpc.key } as Context.Key<never, Rpc.Handler<string>>
  const entry = Context.getOrUndefined(context as Context.Context<any>, key)
  if (entry === undefined) return null
  const encodePage = makeEncodePage(rpc)
  const deliver = (encodePage: Encode, live: LiveConnection, id: RequestId) => (page: unknown) =>
    Effect.suspend(() => {
      const values = encodePage(page)
      const call = live.calls.get(id)
      if (Result.isFailure(values)) return Effect.die(values.failure)
      return call === undefined || sendChunk(live, id, call, values.success as never)
        ? Effect.void
        : acknowledged(call)
    })
  return {
    decode: Schema.decodeUnknownResult(codecOf(rpc.payloadSchema)),
    handler: (payload, { id }, live) => {
      const handled = entry.handler(payload, {
        client: new Rpc.ServerClient(live.client_id),
        requestId: id as never,
        headers: Headers.empty,
        rpc: rpc as never
      })
      if (encodePage === undefined) return handled as Handler
      const pages = pagesOf(handled)
      return pages === undefined ? null : flow(pages, deliver(encodePage, live, id))
    },
    // One for all its calls: every context that is made anew is a copy of a hundred entries.
    context: Context.merge(entry.context, context),
    encode: makeEncode(rpc)
  }
}

export interface OwnCallsOptions {
  readonly requests: ReadonlyMap<string, Rpc.AnyWithProps>
  readonly context: Context.Context<never>
  /** Null when its socket is over: no client waits for an answer. */
  readonly activeOf: (clientId: number) => ActiveConnection | undefined
  readonly answer: (live: LiveConnection, response: ResponseExitEncoded) => Effect.Effect<void>
  readonly sendChunk: SendChunk
}

/** Calls end with the scope at the latest. */
export const makeOwnCalls = Effect.fnUntraced(function*(options: OwnCallsOptions) {
  const { activeOf, answer, context, requests, sendChunk } = options
  const isTraced = Context.get(context, IsTraced)
  const calls = new Map<string, OwnCall>()
  for (const [tag, rpc] of requests) {
    const call = ownCallOf(rpc, context, sendChunk)
    if (call !== null) calls.set(tag, call)
  }
  const running = new Set<Fiber.Fiber<unknown, unknown>>()
  yield* Effect.addFinalizer(() => Effect.suspend(() => Fiber.interruptAll([...running])))

  const fork = <R>(effect: Effect.Effect<unknown, unknown, R>, context: Context.Context<R>) => {
    const fiber: Fiber.Fiber<unknown, unknown> = Effect.runForkWith(context)(effect)
    running.add(fiber)
    fiber.addObserver(() => running.delete(fiber))
    return fiber
  }

  const isHeard = (live: LiveConnection): boolean =>
    live.closing === null && activeOf(live.client_id) !== undefined

  const answerWith = (live: LiveConnection, requestId: RequestId, exit: EncodedExit): void => {
    if (!isHeard(live)) return
    const answering = answer(live, { _tag: "Exit", requestId: requestId as never, exit })
    // A fault is logged before it is answered.
    if (answering !== Effect.void) fork(answering, context)
  }

  // Not given the request: what follows here lives as long as a stream does.
  const begin = (call: OwnCall, live: LiveConnection, id: RequestId, handler: Handler): void => {
    const inFlight = live.calls.get(id)
    const active = activeOf(live.client_id)
    if (inFlight === undefined || active === undefined) return
    const scope = Scope.makeUnsafe()
    const fiber = fork(
      isTraced ? spanned("call", { call: inFlight.tag })(handler) : handler,
      Context.add(onConnection(call.context, active, inFlight.tag), Scope.Scope, scope)
    )
    inFlight.payload = undefined
    inFlight.fiber = fiber
    fiber.addObserver((exit) => {
      const closing = Scope.closeUnsafe(scope, exit)
      if (closing !== undefined) fork(closing, context)
      // A phone that leaves interrupts its stream: nobody is to be told so.
      if (isHeard(live)) answerWith(live, id, call.encode(exit))
    })
  }

  const handlerOf = (call: OwnCall, live: LiveConnection, request: Request, payload: unknown) => {
    try {
      return call.handler(payload, request, live)
    } catch (defect) {
      return Effect.die(defect)
    }
  }

  const start = (call: OwnCall, live: LiveConnection, request: Request): boolean => {
    const decoded = call.decode(request.payload)
    if (Result.isFailure(decoded)) {
      answerWith(live, request.id, refusedExit(refuse("BAD_REQUEST", decoded.failure.message)))
      return true
    }
    const handler = handlerOf(call, live, request, decoded.success)
    if (handler !== null) begin(call, live, request.id, handler)
    return handler !== null
  }

  const goOn = (live: LiveConnection, requestId: RequestId): boolean => {
    const call = live.calls.get(requestId)
    call?.goOn?.()
    return call !== undefined && call.fiber !== null
  }

  /** False for a message that is not about one of these calls. */
  return (live: LiveConnection, message: ClientMessage): boolean => {
    if (message._tag === "Request") {
      const call = calls.get(message.tag)
      return call !== undefined && start(call, live, message)
    }
    if (message._tag === "Ack") return goOn(live, message.requestId)
    if (message._tag !== "Interrupt") return false
    const fiber = live.calls.get(message.requestId)?.fiber ?? null
    fiber?.interruptUnsafe()
    return fiber !== null
  }
})

export type OwnCalls = Effect.Success<ReturnType<typeof makeOwnCalls>>
