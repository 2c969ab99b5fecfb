// The stage of the Journal and Sessions suites: people with paid requests, and owners that make turns
// with the real machines, the way actors do, but with nothing in between to hide a verdict.
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"
import { usualProfile } from "../../src/domain/matching.ts"
import * as MitraMachine from "../../src/domain/mitra.ts"
import type { MitraCommand, MitraState } from "../../src/domain/mitra.ts"
import type { Candidate } from "../../src/domain/pairing.ts"
import type { SessionCommand } from "../../src/domain/session/commands.ts"
import { deadlineOf } from "../../src/domain/session/deadline.ts"
import { decide } from "../../src/domain/session/decide.ts"
import { evolveAll } from "../../src/domain/session/evolve.ts"
import { openRequest } from "../../src/domain/session/open.ts"
import type { RerouteTarget } from "../../src/domain/session/due.ts"
import type { Absence, Participant, SessionState } from "../../src/domain/session/state.ts"
import { defaultSettings, type Settings } from "../../src/domain/settings.ts"
import { sessionRows } from "../../src/actors/session/rows.ts"
import type { AuditEntry } from "../../src/domain/audit.ts"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { Payments } from "../../src/services/payments/payments.ts"
import { Pricing } from "../../src/services/payments/pricing.ts"
import type { Staff } from "../../src/services/accounts/staff.ts"
import type { SignIns } from "../../src/services/accounts/sign-ins.ts"
import { type IdempotencyRecord, Journal, type TurnWrite } from "../../src/services/journal/journal.ts"
import { Mitras } from "../../src/services/accounts/mitras.ts"
import type { SessionOversight } from "../../src/services/sessions/session-oversight.ts"
import type { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { idOf, minute, staffId, t0 } from "./given.ts"
import type { Written } from "./written.ts"

export type Stage =
  | Journal
  | Sessions
  | SessionViews
  | SessionOversight
  | Mitras
  | Accounts
  | Payments
  | Pricing
  | SignIns
  | Staff
  | Written

export const customer = (n: number): string => idOf(0xc0000 + n)
export const mitra = (n: number): string => idOf(0xb0000 + n)
export const session = (n: number): string => idOf(0x50000 + n)
export const payment = (n: number): string => idOf(0x20000 + n)
export const mitraName = (n: number): string => `Bestie ${n}`

export const asCustomer = (n: number): Participant => ({ side: "customer", id: customer(n) })
export const asMitra = (n: number): Participant => ({ side: "mitra", id: mitra(n) })

export const candidates = (...numbers: ReadonlyArray<number>): ReadonlyArray<Candidate> =>
  numbers.map((n) => ({ mitra_id: mitra(n), mitra_name: mitraName(n), sessions: 0, ...usualProfile }))

export const givenMitras = Effect.fnUntraced(function*(...numbers: ReadonlyArray<number>) {
  const accounts = yield* Accounts
  for (const n of numbers) {
    const account = {
      id: mitra(n),
      display_name: mitraName(n),
      phone: `+62811${100_000 + n}`,
      is_active: true
    }
    yield* accounts.createMitra(account, t0)
  }
})

const tier = {
  id: "t",
  label: "t",
  mode: "chat",
  duration_seconds: 300,
  price_idr: 10_000,
  is_active: true
} as const

/** Customer `n` with payment `n`, pending until it is confirmed. */
export const givenPayment = Effect.fnUntraced(function*(n: number, options: { readonly confirmed: boolean }) {
  const pricing = yield* Pricing
  const payments = yield* Payments
  const accounts = yield* Accounts
  yield* pricing.replaceTier(tier, t0)
  yield* accounts.createCustomer({ id: customer(n), call_name: `Sari ${n}`, phone: null, created_at: t0 })
  yield* payments.create({
    id: payment(n),
    customer_id: customer(n),
    product: "chat_session",
    extends_session_id: null,
    status: "pending",
    tier_id: tier.id,
    mode: tier.mode,
    duration_seconds: tier.duration_seconds,
    amount_idr: tier.price_idr,
    kind: "blast",
    target_mitra_id: null,
    topic: "regular",
    language: "id",
    checkout_url: "",
    created_at: t0,
    expires_at: t0 + 20 * minute,
    confirmed_at: null,
    failure_cause: null
  })
  if (!options.confirmed) return
  yield* payments.confirm({ payment_id: payment(n), amount_idr: tier.price_idr, provider_ref: "r", now: t0 })
})

/** Request `n`: what opening session `n` of customer `n` on payment `n` would store. */
export const request = (n: number, now = t0, settings: Settings = defaultSettings): SessionState =>
  openRequest(
    {
      id: session(n),
      customer_id: customer(n),
      customer_name: `Sari ${n}`,
      payment_id: payment(n),
      amount_idr: tier.price_idr,
      kind: "blast",
      target_mitra_id: null,
      mode: "chat",
      topic: "regular",
      language: "id",
      purchased_ms: tier.duration_seconds * 1000
    },
    settings,
    now
  )

export const openState = Effect.fnUntraced(function*(state: SessionState) {
  return yield* (yield* Sessions).open(state, deadlineOf(state) ?? 0)
})

/** One owner of one session: its epoch, and the state it believes in. */
export interface Owner {
  readonly epoch: number
  state: SessionState
}

export const claim = Effect.fnUntraced(function*(n: number, runner = "runner-a") {
  const claimed = yield* (yield* Sessions).claim(session(n), runner)
  if (claimed === null) return yield* Effect.die(new Error(`session ${n} was never opened`))
  const owner: Owner = { ...claimed }
  return owner
})

/** A confirmed payment and its open request, owned. */
export const givenRequest = Effect.fnUntraced(function*(n: number) {
  yield* givenPayment(n, { confirmed: true })
  yield* openState(request(n))
  return yield* claim(n)
})

export interface Circumstances {
  readonly at: number
  readonly candidates?: ReadonlyArray<Candidate>
  readonly settings?: Partial<Settings>
  readonly command?: IdempotencyRecord
  readonly audit?: ReadonlyArray<AuditEntry>
  readonly reroute_to?: Partial<RerouteTarget>
  readonly mitra_absence?: Absence | null
}

export interface Made {
  readonly write: TurnWrite
  readonly after: SessionState
}

/** The turn this owner would hand in; nothing is written. */
export const make = Effect.fnUntraced(function*(owner: Owner, command: SessionCommand, given: Circumstances) {
  const facts = {
    now: given.at,
    settings: { ...defaultSettings, ...given.settings },
    candidates: given.candidates ?? null,
    waiting_ahead: 0,
    others_are_free: false,
    mitra_is_reachable: true,
    pair_is_blocked: false,
    reroute_to: {
      mitra_name: "",
      is_active: true,
      is_draining: false,
      is_online: true,
      is_blocked: false,
      ...given.reroute_to
    },
    mitra_absence: given.mitra_absence ?? null
  }
  const { events } = decide(owner.state, command, facts)
  const after = evolveAll(owner.state, events)
  const call = { sender_id: "test", command_id: null, command, staff: null }
  const turn = { call, at: given.at, facts, before: owner.state, after, events }
  const rows = yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => sessionRows(turn, random)).pipe(
    Effect.provide(SecureRandom.layerWebCrypto)
  )
  const write: TurnWrite = {
    actor: { kind: "session", id: owner.state.id, epoch: owner.epoch },
    at: given.at,
    command: given.command ?? null,
    session: rows.session,
    mitra: null,
    audit: given.audit ?? []
  }
  const made: Made = { write, after }
  return made
})

export const commit = Effect.fnUntraced(function*(write: TurnWrite) {
  return yield* (yield* Journal).commit(write)
})

/** Makes a turn and commits it; the owner moves on only when it was written. */
export const act = Effect.fnUntraced(function*(owner: Owner, command: SessionCommand, given: Circumstances) {
  const { after, write } = yield* make(owner, command, given)
  const verdict = yield* commit(write)
  if (verdict._tag === "Committed") owner.state = after
  return verdict
})

export const tick: SessionCommand = { _tag: "Tick" }
export const accept = (n: number): SessionCommand => ({ _tag: "Accept", by: asMitra(n) })

/** Offers request `n` to these mitras. */
export const offer = (owner: Owner, at: number, ...numbers: ReadonlyArray<number>) =>
  act(owner, tick, { at, candidates: candidates(...numbers) })

/** Session `n`, offered to mitra `m` and accepted by her. */
export const givenChat = Effect.fnUntraced(function*(n: number, m: number) {
  const owner = yield* givenRequest(n)
  yield* offer(owner, t0 + 10, m)
  yield* act(owner, accept(m), { at: t0 + 20 })
  return owner
})

let messageIds = 0x90000

export const send = (by: Participant, clientMessageId: string, body = "halo"): SessionCommand => ({
  _tag: "SendMessage",
  by,
  message_id: idOf(messageIds++),
  client_message_id: clientMessageId,
  body
})

export const audited = (n: number, staff = staffId): AuditEntry => ({
  id: idOf(0xad000 + n),
  staff_id: staff,
  action: "test",
  target_type: "session",
  target_id: "x",
  before: null,
  after: { n },
  peer: "127.0.0.1",
  at: t0
})

export interface MitraOwner {
  readonly epoch: number
  readonly state: MitraState
}

export const claimMitra = Effect.fnUntraced(function*(n: number, runner = "runner-a") {
  const claimed = yield* (yield* Mitras).claim(mitra(n), runner)
  if (claimed === null) return yield* Effect.die(new Error(`there is no mitra ${n}`))
  const owner: MitraOwner = claimed
  return owner
})

export const makeMitraTurn = (
  owner: MitraOwner,
  command: MitraCommand,
  given: Omit<Circumstances, "candidates" | "settings">
): TurnWrite => {
  const { events } = MitraMachine.decide(owner.state, command, {
    now: given.at,
    heartbeat_is_stale: true,
    has_missed_too_many: true,
    has_no_chat: true,
    hold_seconds: 900,
    is_paused: false
  })
  return {
    actor: { kind: "mitra", id: owner.state.id, epoch: owner.epoch },
    at: given.at,
    command: given.command ?? null,
    session: null,
    mitra: { state: events.reduce(MitraMachine.evolve, owner.state), events },
    audit: given.audit ?? []
  }
}

/** Claims mitra `n` and commits one turn of hers. */
export const actAsMitra = Effect.fnUntraced(function*(n: number, command: MitraCommand, at: number) {
  return yield* commit(makeMitraTurn(yield* claimMitra(n), command, { at }))
})
