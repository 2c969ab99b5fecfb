// Calls that this protocol runs itself: all that have one answer and no middleware. Compiled codecs decode
// their payloads and encode their answers in the step that reads or writes the frame, and nothing stands
// between that and their one fiber. Streams are the RPC server's.
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
import { type ActiveConnection, onConnection } from "./connection.ts"
import type { ClientMessage, RequestId } from "./frames.ts"
import type { LiveConnection } from "./live-connection.ts"
import { refusedExit } from "./replies.ts"

type Request = Extract<ClientMessage, { readonly _tag: "Request" }>
type EncodedExit = ResponseExitEncoded["exit"]
type Codec = Schema.Codec<unknown, unknown>
type Handler = Effect.Effect<unknown, unknown>

interface OwnCall {
  readonly decode: (payload: unknown) => Result.Result<unknown, { readonly message: string }>
  readonly handler: (payload: unknown, request: Request, clientId: number) => Handler
  readonly context: Context.Context<never>
  readonly encode: (exit: Exit.Exit<unknown, unknown>) => EncodedExit
}

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

const ownCallOf = (rpc: Rpc.AnyWithProps, context: Context.Context<never>): OwnCall | null => {
  if (RpcSchema.isStreamSchema(rpc.successSchema) || rpc.middlewares.size > 0) return null
  const key = { key: rpc.key } as Context.Key<never, Rpc.Handler<string>>
  const entry = Context.getOrUndefined(context as Context.Context<any>, key)
  if (entry === undefined) return null
  return {
    decode: Schema.decodeUnknownResult(codecOf(rpc.payloadSchema)),
    handler: (payload, { id }, clientId) =>
      entry.handler(payload, {
        client: new Rpc.ServerClient(clientId),
        requestId: id as never,
        headers: Headers.empty,
        rpc: rpc as never
      }) as Handler,
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
}

/** Calls end with the scope at the latest. */
export const makeOwnCalls = Effect.fnUntraced(function*(options: OwnCallsOptions) {
  const { activeOf, answer, context, requests } = options
  const isTraced = Context.get(context, IsTraced)
  const calls = new Map<string, OwnCall>()
  for (const [tag, rpc] of requests) {
    const call = ownCallOf(rpc, context)
    if (call !== null) calls.set(tag, call)
  }
  const running = new Set<Fiber.Fiber<unknown, unknown>>()
  yield* Effect.addFinalizer(() => Effect.suspend(() => Fiber.interruptAll([...running])))

  const fork = (effect: Handler, context: Context.Context<never>): Fiber.Fiber<unknown, unknown> => {
    const fiber = Effect.runForkWith(context)(effect)
    running.add(fiber)
    fiber.addObserver(() => running.delete(fiber))
    return fiber
  }

  const answerWith = (live: LiveConnection, requestId: RequestId, exit: EncodedExit): void => {
    if (live.closing !== null || activeOf(live.client_id) === undefined) return
    const answering = answer(live, { _tag: "Exit", requestId: requestId as never, exit })
    // A fault is logged before it is answered.
    if (answering !== Effect.void) fork(answering, context)
  }

  const begin = (call: OwnCall, live: LiveConnection, request: Request, payload: unknown): void => {
    const inFlight = live.calls.get(request.id)
    const active = activeOf(live.client_id)
    if (inFlight === undefined || active === undefined) return
    const scope = Scope.makeUnsafe()
    const handler = Effect.suspend(() => call.handler(payload, request, live.client_id))
    const fiber = fork(
      isTraced ? spanned("call", { call: request.tag })(handler) : handler,
      Context.add(onConnection(call.context, active, request.tag), Scope.Scope, scope)
    )
    inFlight.payload = undefined
    inFlight.fiber = fiber
    fiber.addObserver((exit) => {
      const closing = Scope.closeUnsafe(scope, exit)
      if (closing !== undefined) fork(closing, context)
      answerWith(live, request.id, call.encode(exit))
    })
  }

  const start = (call: OwnCall, live: LiveConnection, request: Request): void => {
    const decoded = call.decode(request.payload)
    if (Result.isSuccess(decoded)) return begin(call, live, request, decoded.success)
    answerWith(live, request.id, refusedExit(refuse("BAD_REQUEST", decoded.failure.message)))
  }

  /** False for a message that is not about one of these calls. */
  return (live: LiveConnection, message: ClientMessage): boolean => {
    if (message._tag === "Request") {
      const call = calls.get(message.tag)
      if (call !== undefined) start(call, live, message)
      return call !== undefined
    }
    if (message._tag !== "Interrupt") return false
    const fiber = live.calls.get(message.requestId)?.fiber ?? null
    fiber?.interruptUnsafe()
    return fiber !== null
  }
})

export type OwnCalls = Effect.Success<ReturnType<typeof makeOwnCalls>>
