// Asking: who is a candidate, in which order they are asked, whose turn in the line it is, and that a free
// mitra is not left out: predicted for every wave from the rows as they were when it was decided.
import type { ChatSessionRow, OfferRow, Tables } from "../../../testkit/memory/store/tables.ts"
import { answerOf, type MakeRule, Touched } from "../rule.ts"
import { Numbers } from "./numbers.ts"
import { PushReach } from "./push-reach.ts"

/** What was read for a wave may be so old when it is written. */
const readAgoMs = 1_000
const recoversMs = 30_000
/** One look after the other, and what a runner is at meanwhile. */
const lateMs = 3_000
const lookEveryMs = 2_000
/** A new phone is known everywhere by then. */
const reachKnownMs = 30_000

/** Why a mitra may not be asked, and since when that is so; null while she may. */
interface Standing {
  reason: string | null
  since_ms: number
}

/** She takes the topic, and speaks what was asked for. */
const fitIn =
  ({ mitras }: Pick<Tables, "mitras">) =>
  (mitra_id: string, { language, topic }: Pick<ChatSessionRow, "language" | "topic">): boolean => {
    const mitra = mitras.get(mitra_id)
    return mitra?.topics.includes(topic) === true && (language === null || mitra.languages.includes(language))
  }

const countsIn = (tables: Tables) => ({
  openOffers: (mitra_id: string) => tables.chat_request_notifications.where("pending", mitra_id).length,
  slots: (mitra_id: string) => tables.mitra_slots.where("mitra", mitra_id).length
})

export const asking: MakeRule = (context, complain) => {
  const { tables } = context
  const isFor = fitIn(tables)
  const [numbers, reach] = [new Numbers(context), new PushReach(context)]
  const standings = new Map<string, Standing>()
  const mitras = new Touched()
  // The offers that the present statement made, by request.
  let waves = new Map<string, ReadonlyArray<OfferRow>>()
  /** When each mitra was asked last, before the present statement. */
  const before = new Map<string, number>()
  /** When her places, her offers or her state last changed: what a wave read may be older. */
  const changedAt = new Map<string, number>()
  /** When staff last changed what she may be asked for. */
  const profiledAt = new Map<string, number>()
  const pinged = new Map<string, number>()
  const [open, reported] = [new Map<string, ChatSessionRow>(), new Set<string>()]
  // When a request last left the line, the next one looks within one look from then.
  let [movedAt, leftLineAt, lookedAt] = [0, 0, 0]

  const { openOffers, slots } = countsIn(tables)

  const reasonOf = (mitra_id: string): string | null => {
    const status = tables.mitra_status.get(mitra_id)
    if (tables.mitras.get(mitra_id)?.is_active !== true) return "is deactivated"
    if (status?.is_online !== true) return "is offline"
    if (status.is_draining) return "is to finish her chats"
    if (slots(mitra_id) >= numbers.largest("max_customers_per_mitra")) return "has no place left"
    return null
  }

  const note = (mitra_id: string) => {
    const reason = reasonOf(mitra_id)
    const known = standings.get(mitra_id)
    changedAt.set(mitra_id, context.now_ms())
    if (known === undefined) standings.set(mitra_id, { reason, since_ms: context.now_ms() })
    else if (known.reason !== reason) Object.assign(known, { reason, since_ms: context.now_ms() })
  }

  /** She declined, or let one run out, while staff want such mitras left alone for a while. */
  const coolsDown = (mitra_id: string, session_id: string, at: number): number | null => {
    const seconds = numbers.smallest("mitra_decline_cooldown_seconds")
    if (seconds === 0 || tables.chat_sessions.get(session_id)?.kind === "targeted") return null
    const since = at - seconds * 1000
    const last = Math.max(
      ...tables.chat_request_notifications.where("mitra", mitra_id)
        .filter(({ ending, status }) => status === "declined" || ending === "expired")
        .map(({ deadline_at, responded_at }) => responded_at ?? deadline_at),
      0
    )
    return last >= since && last < at - readAgoMs ? at - last : null
  }

  const isSettled = (id: string): boolean => context.now_ms() - (profiledAt.get(id) ?? 0) > readAgoMs

  const checkAsked = ({ mitra_id, sent_at, session_id }: OfferRow) => {
    const standing = standings.get(mitra_id)
    const phone = context.phoneOf(mitra_id)
    const about = { session_id, people: phone === undefined ? [] : [phone.name] }
    if (context.steadyFor_ms() < recoversMs || context.clocksTrueFor_ms() < 5_000) return
    if (standing?.reason != null && context.now_ms() - standing.since_ms > readAgoMs) {
      complain(`${mitra_id} was asked, and ${standing.reason}`, about)
    }
    const request = tables.chat_sessions.get(session_id)
    if (request !== undefined && !isFor(mitra_id, request) && isSettled(mitra_id)) {
      complain("a mitra was asked for what she does not do", about)
    }
    const cool = coolsDown(mitra_id, session_id, sent_at)
    if (cool !== null) complain(`a mitra was asked ${cool} ms after she declined or missed one`, about)
    const open = openOffers(mitra_id)
    if (open > numbers.largest("mitra_parallel_offers_max") + openedLately(mitra_id)) {
      complain(`a mitra was asked although ${open - 1} offers wait for her`, about)
    }
    const seen = Math.max(
      tables.mitra_status.get(mitra_id)?.last_heartbeat_at ?? 0,
      tables.mitra_status.get(mitra_id)?.online_since ?? 0
    )
    const isSilent = sent_at - Math.max(seen, pinged.get(mitra_id) ?? 0) >
      (numbers.largest("mitra_stale_after_seconds") + numbers.largest("mitra_background_grace_seconds")) *
            1000 +
        readAgoMs
    if (isSilent && numbers.surely("mitra_ping_required", true)) {
      complain("a mitra was asked whose pings stopped", about)
    }
  }

  /** Two requests may ask her in one moment, each not knowing of the other. */
  const openedLately = (mitra_id: string): number =>
    tables.chat_request_notifications.where("pending", mitra_id)
      .filter(({ sent_at }) => context.now_ms() - sent_at < readAgoMs).length - 1

  /** Fewest chats first, then who was asked longest ago. */
  const checkOrder = (session_id: string, offers: ReadonlyArray<OfferRow>) => {
    const inOrder = offers.toSorted((a, b) => a.position - b.position)
    const isOld = ({ mitra_id, sent_at }: OfferRow) => sent_at - (before.get(mitra_id) ?? 0) > readAgoMs
    const wrong = inOrder.find((offer, index) => {
      const previous = inOrder[index - 1]
      if (previous === undefined) return false
      if (previous.sessions_at_offer !== offer.sessions_at_offer) {
        return previous.sessions_at_offer > offer.sessions_at_offer
      }
      return isOld(previous) && isOld(offer) &&
        (before.get(previous.mitra_id) ?? 0) > (before.get(offer.mitra_id) ?? 0)
    })
    if (wrong !== undefined) complain(`${wrong.mitra_id} was asked out of turn`, { session_id })
  }

  /** Mitras who are there for it, whether or not it would be fair to ask them now. */
  const thereFor = (request: ChatSessionRow): ReadonlyArray<string> =>
    [...standings].filter(([id, { reason }]) => reason === null && isFor(id, request)).map(([id]) => id)

  /** Oldest first: a younger request is asked about only when there is room for all older ones, too. */
  const checkLine = (session_id: string) => {
    const row = tables.chat_sessions.get(session_id)
    const now = context.now_ms()
    if (row?.kind !== "blast" || !numbers.surely("pairing_queue_enabled", true)) return
    if (context.steadyFor_ms() < recoversMs || context.clocksTrueFor_ms() < 5_000) return
    if (now - movedAt < readAgoMs || now - Math.max(...changedAt.values()) < readAgoMs) return
    const there = thereFor(row)
    const older = [...open.values()].filter((other) =>
      other.kind === "blast" && other.id !== session_id && other.search_ends_at > now &&
      other.requested_at < row.requested_at - readAgoMs && there.some((id) => isFor(id, other))
    )
    const maximum = numbers.largest("max_customers_per_mitra")
    const places = there.reduce((sum, id) => sum + Math.max(0, maximum - slots(id)), 0)
    if (older.length === 0 || places > older.length) return
    complain(`asked ${places} places' mitras while ${older.length} older requests wait`, { session_id })
  }

  /** Her app may be in the background, where a push reaches it. */
  const isFresh = (mitra_id: string): boolean => {
    const seen = Math.max(pinged.get(mitra_id) ?? 0, tables.mitra_status.get(mitra_id)?.online_since ?? 0)
    const hasPhone = reach.forMs(mitra_id) > reachKnownMs
    const grace = hasPhone && numbers.surely("push_paused", false)
      ? numbers.smallest("mitra_background_grace_seconds")
      : 0
    return context.now_ms() - seen < (numbers.smallest("mitra_stale_after_seconds") + grace) * 1000 - 5_000
  }
  /** Who is asked for by name is asked although she declined somebody else. */
  const isFair = (mitra_id: string, isTargeted: boolean): boolean =>
    (isTargeted || numbers.largest("mitra_decline_cooldown_seconds") === 0) &&
    openOffers(mitra_id) < numbers.smallest("mitra_parallel_offers_max")

  /** Whoever is free is asked by the oldest request within one look. */
  const checkLeftOut = (request: ChatSessionRow) => {
    const { id: session_id, kind, requested_at, search_ends_at, target_mitra_id } = request
    const now = context.now_ms()
    const isTargeted = kind === "targeted"
    const isFirst = [...open.values()].every((other) =>
      other.kind !== "blast" || other.requested_at >= requested_at
    )
    if (!isTargeted && !isFirst || search_ends_at - now < 1_000) return
    // A wave of a few asks at least one of those who are free: the last of them waits for all others.
    const look_s = numbers.largest("pairing_wave_size") > 0
      ? Math.max(numbers.largest("pairing_wave_seconds"), numbers.largest("pairing_search_again_seconds")) *
        standings.size
      : numbers.largest("pairing_search_again_seconds")
    const within = look_s * 1000 + lateMs
    if (now - Math.max(requested_at, isTargeted ? 0 : leftLineAt) < within) return
    if (context.steadyFor_ms() - recoversMs < within) return
    const asked = tables.chat_request_notifications.where("session", session_id)
    if (asked.length >= numbers.smallest("pairing_offers_max") || isTargeted && asked.length > 0) return
    const { customer_id } = request
    const left = [...standings].find(([id, { reason, since_ms }]) =>
      tables.blocks.where("customer", customer_id).every(({ mitra_id }) => mitra_id !== id) &&
      reason === null && now - since_ms > within && now - (changedAt.get(id) ?? 0) > within &&
      isFor(id, request) && (!isTargeted || id === target_mitra_id) && isFresh(id) &&
      isFair(id, isTargeted) &&
      slots(id) < numbers.smallest("max_customers_per_mitra") && asked.every(({ mitra_id }) =>
        mitra_id !== id
      )
    )
    if (left === undefined || reported.has(session_id)) return
    reported.add(session_id)
    complain(`${left[0]} was free for ${now - left[1].since_ms} ms and was not asked`, { session_id })
  }

  const check = () => {
    mitras.drain(note)
    const fresh = waves
    waves = new Map()
    for (const [session_id, offers] of fresh) {
      for (const offer of offers) checkAsked(offer)
      checkOrder(session_id, offers)
      if (offers[0]?.wave === 1) checkLine(session_id)
    }
    before.clear()
  }

  return {
    rows: {
      settings: (change) => {
        numbers.changed(change)
        if (change.key === "max_customers_per_mitra") standings.forEach((_, id) => mitras.add(id))
      },
      mitras: ({ after, before: was, key }) => {
        mitras.add(key)
        if (after?.languages !== was?.languages || after?.topics !== was?.topics) {
          profiledAt.set(key, context.now_ms())
        }
      },
      mitra_status: ({ after, before: was, key }) => {
        if (after?.is_online !== was?.is_online || after?.is_draining !== was?.is_draining) mitras.add(key)
        before.set(key, was?.last_offer_at ?? 0)
      },
      devices: reach.devices,
      auth_sessions: reach.signIns,
      mitra_slots: ({ after, before: was }) => {
        for (const row of [after, was]) if (row !== undefined) mitras.add(row.mitra_id)
      },
      chat_request_notifications: ({ after, before: was }) => {
        if (after === undefined) return
        if (was?.status !== after.status) changedAt.set(after.mitra_id, context.now_ms())
        if (was !== undefined) return
        waves.set(after.session_id, [...waves.get(after.session_id) ?? [], after])
      },
      chat_sessions: ({ after, before: was, key }) => {
        if (after === undefined || after.status === was?.status) return
        if (was !== undefined) movedAt = context.now_ms()
        if (after.status === "searching" || after.status === "pending_acceptance") open.set(key, after)
        else if (open.delete(key)) leftLineAt = context.now_ms()
      }
    },
    statement: check,
    called: (phone, tag, _payload, outcome) => {
      if (phone.id === null || tag !== "mitra.heartbeat" && tag !== "mitra.go_online") return
      if (answerOf(outcome)?.["is_online"] === true) pinged.set(phone.id, context.now_ms())
    },
    onInterval: () => {
      if (open.size === 0 || context.now_ms() - lookedAt < lookEveryMs) return
      lookedAt = context.now_ms()
      for (const request of open.values()) checkLeftOut(request)
    }
  }
}
