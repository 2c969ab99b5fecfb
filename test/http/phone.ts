// A phone in the handler tests: a fake socket with an identity, and the calls it makes. Every answer is
// checked against the contract.
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { SecureRandom } from "effect/crypto"
import { Headers } from "effect/http"
import { Rpc, RpcMessage } from "effect/rpc"
import type { CloseCode } from "../../src/contract/close-codes.ts"
import type { CallError } from "../../src/contract/errors.ts"
import type { PhoneEvent } from "../../src/contract/public/events.ts"
import { PublicApi } from "../../src/contract/public/public-api.ts"
import { Refusal } from "../../src/domain/refusal.ts"
import { Connection, type Principal } from "../../src/http/socket/connection.ts"
import type { Since } from "../../src/http/public/events/snapshot.ts"
import { fits, makeClient } from "./world.ts"

type Rpcs = typeof PublicApi extends { readonly requests: ReadonlyMap<string, infer R> } ? R : never
type Of<Tag extends Rpcs["_tag"]> = Extract<Rpcs, { readonly _tag: Tag }>

export type StreamTag = "events.subscribe" | "customer.watch_availability"

/** Fake: a Connection without a socket, which takes any identity it is given. */
const fakeConnection = Effect.gen(function*() {
  const id = yield* (yield* SecureRandom.SecureRandom).uuidV7()
  const closed: Array<CloseCode> = []
  let principal: Principal | null = null
  const connection = Connection.of({
    id,
    remote_address: "203.0.113.7",
    principal: Effect.sync(() => principal),
    authenticate: (next) =>
      Effect.sync(() => {
        principal = next
      }),
    close: (code) => Effect.sync(() => void closed.push(code))
  })
  return { connection, closed, signOut: () => (principal = null) }
})

export const newPhone = Effect.gen(function*() {
  const { closed, connection, signOut } = yield* fakeConnection
  const client = yield* makeClient

  const call = <Tag extends Exclude<Rpcs["_tag"], StreamTag>>(
    tag: Tag,
    payload: Rpc.PayloadConstructor<Of<Tag>>
  ): Effect.Effect<Rpc.Success<Of<Tag>>, CallError> => {
    const asked = client as (tag: string, payload: unknown) => Effect.Effect<Rpc.Success<Of<Tag>>, CallError>
    const answered = Effect.map(asked(tag, payload), (value) => fits(tag, value))
    return Effect.provideService(answered, Connection, connection)
  }

  const stream = (since: ReadonlyArray<Since> = [], epoch?: string) =>
    client("events.subscribe", { since, ...(epoch === undefined ? {} : { epoch }) }).pipe(
      Stream.provideService(Connection, connection)
    )

  const watchAvailability = () =>
    client("customer.watch_availability", {}).pipe(Stream.provideService(Connection, connection))

  /** One page at a time, each only when asked for: a phone that acknowledges as slowly as it likes. */
  const pages = Effect.fnUntraced(function*(since: ReadonlyArray<Since> = []) {
    const handler = yield* PublicApi.accessHandler("events.subscribe")
    const asked = {
      client: new Rpc.ServerClient(1),
      requestId: RpcMessage.RequestId(1),
      headers: Headers.empty
    }
    const stream = handler({ since }, asked) as Stream.Stream<PhoneEvent, CallError>
    return yield* Stream.toPull(stream.pipe(Stream.provideService(Connection, connection)))
  })

  /** Reads for as long as the scope is open; what arrives waits in a queue. */
  const subscribe = Effect.fnUntraced(function*(since: ReadonlyArray<Since> = [], epoch?: string) {
    const events = yield* Queue.bounded<PhoneEvent, CallError>(5000)
    yield* Effect.forkScoped(
      Stream.runForEach(stream(since, epoch), (event) => Queue.offer(events, event)).pipe(
        Effect.catchCause((cause) => Queue.failCause(events, cause))
      )
    )
    return events
  })

  return { connection, closed, signOut, call, stream, watchAvailability, pages, subscribe }
})

export type Phone = Effect.Success<typeof newPhone>

export const customerPhone = Effect.fnUntraced(function*(name: string) {
  const phone = yield* newPhone
  const tokens = yield* phone.call("auth.sign_in_anonymous", { call_name: name })
  yield* phone.call("auth.authenticate", { access_token: tokens.access_token })
  return { ...phone, id: tokens.user_id, tokens }
})

export const mitraPhone = Effect.fnUntraced(function*(number: string) {
  const phone = yield* newPhone
  const tokens = yield* phone.call("auth.verify_code", { phone: number, user_type: "mitra", code: "000000" })
  yield* phone.call("auth.authenticate", { access_token: tokens.access_token })
  return { ...phone, id: tokens.user_id, tokens }
})

/** The code of a refusal, or the tag of whatever else it failed with. */
export const refused = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => error instanceof Refusal ? error.code : error._tag)

export const nextEvent = <E>(events: Queue.Dequeue<PhoneEvent, E>) => Queue.take(events)

export const nextOf = Effect.fnUntraced(function*<Tag extends PhoneEvent["_tag"], E>(
  events: Queue.Dequeue<PhoneEvent, E>,
  tag: Tag
) {
  const event = yield* Queue.take(events)
  if (event._tag !== tag) return assert.fail(`expected ${tag}, got ${JSON.stringify(event)}`)
  return event as Extract<PhoneEvent, { readonly _tag: Tag }>
})

let commands = 0
/** A command id no other test uses. */
export const newCommand = (): string => `command-${String(++commands).padStart(6, "0")}`
