// Lists: what people and staff are listed is what the rows hold, all of it, in its order and page by page,
// whenever nothing that stands in the list changed between the question and the answer.
import type { PaymentRow } from "../../../testkit/memory/store/tables.ts"
import type { Answer } from "../../clients/connection.ts"
import { answerOf, type CheckerContext, type MakeRule, type Phone } from "../rule.ts"
import { Asked } from "./past.ts"

/** Nobody has more of these, and more are not listed. */
const listedMost = 50

interface List {
  /** What its rows belong to; a change of any of these excuses the answer. */
  readonly of: ReadonlyArray<string>
  readonly all: ReadonlyArray<string>
  readonly shown: ReadonlyArray<string>
}

type Lister = (phone: Phone, payload: Answer, answer: Answer) => List

const newestFirst = <Row>(
  rows: Iterable<Row>,
  keyOf: (row: Row) => readonly [at: number, id: string]
): ReadonlyArray<Row> =>
  [...rows].toSorted((a, b) => {
    const [[atA, idA], [atB, idB]] = [keyOf(a), keyOf(b)]
    return atB - atA || (idA < idB ? 1 : -1)
  })

const byId = <Row extends { readonly id: string }>(rows: Iterable<Row>): ReadonlyArray<string> =>
  newestFirst(rows, ({ id }) => [0, id]).map(({ id }) => id)

const idsIn = (rows: ReadonlyArray<Answer> | undefined, name: string): ReadonlyArray<string> =>
  (rows ?? []).map((row) => row[name] as string)

const isOpen = ({ status }: PaymentRow): boolean => status === "pending" || status === "confirmed"

/** When staff last got a reason to look at it; 0 for never. */
const troubleOf = ({ anomaly_at, failed_at }: PaymentRow): number => Math.max(failed_at ?? 0, anomaly_at ?? 0)
const isTroubled = (row: PaymentRow): boolean =>
  troubleOf(row) > 0 && (row.resolved_at === null || row.resolved_at < troubleOf(row))

const listersOf = ({ now_ms, tables }: CheckerContext): Readonly<Record<string, Lister>> => {
  const idOf = ({ id }: Phone) => id ?? ""

  const past: Lister = (phone, _payload, { sessions }) => {
    const hers = [
      ...Map.groupBy(tables.mitra_assignments.where("mitra", idOf(phone)), (row) => row.session_id)
    ]
      .flatMap(([id, rows]) => {
        const last = rows.toSorted((a, b) => a.position - b.position).at(-1)
        return last?.ended_at == null ? [] : [{ id, ended_at: last.ended_at }]
      })
    const theirs = tables.chat_sessions.where("customer", idOf(phone)).filter(({ ended_at }) =>
      ended_at !== null
    )
    const ended: ReadonlyArray<{ readonly id: string; readonly ended_at: number | null }> =
      phone.role === "mitra" ? hers : theirs
    const all = newestFirst(ended, ({ ended_at, id }) => [ended_at ?? 0, id])
    return { of: [idOf(phone)], all: all.map(({ id }) => id), shown: idsIn(sessions, "session_id") }
  }

  const signIns: Lister = (phone, _payload, { sign_ins }) => {
    const rows = tables.auth_sessions.where("person", `${phone.role}:${phone.id}`)
    const families = [...Map.groupBy(rows, (row) => row.family_id)].filter(([, members]) =>
      members.every(({ revoked_at }) => revoked_at === null) &&
      members.some(({ expires_at }) => expires_at > now_ms())
    ).map(([id]) => ({ id }))
    return { of: [idOf(phone)], all: byId(families), shown: idsIn(sign_ins, "sign_in_id") }
  }

  return {
    "customer.pending_payments": (phone, _payload, { payments }) => ({
      of: [idOf(phone)],
      all: newestFirst(
        tables.payment_requests.where("customer", idOf(phone)).filter(isOpen),
        ({ created_at, id }) => [created_at, id]
      ).map(({ id }) => id),
      shown: idsIn(payments, "payment_id")
    }),
    "chat.sessions": past,
    "auth.sign_ins": signIns,
    "mitra.requests": (phone, _payload, { requests }) => ({
      of: [idOf(phone)],
      all: byId(
        tables.chat_request_notifications.where("mitra", idOf(phone)).map(({ session_id: id }) => ({ id }))
      ),
      shown: idsIn(requests, "session_id")
    }),
    "trust.blocks": (phone, _payload, { blocks }) => ({
      of: [idOf(phone)],
      all: byId(
        [...tables.blocks.values()].filter((row) =>
          row.by_side === phone.role && row[`${row.by_side}_id`] === phone.id
        )
      ),
      shown: idsIn(blocks, "block_id")
    }),
    "admin.staff_list": (_phone, _payload, { staff }) => ({
      of: ["staff"],
      all: [...tables.staff.values()].map(({ id, is_active, role }) => `${id} ${role} ${is_active}`)
        .toSorted(),
      shown: ((staff ?? []) as ReadonlyArray<Answer>).map((row) =>
        `${row["staff_id"]} ${row["role"]} ${row["is_active"]}`
      ).toSorted()
    }),
    "admin.cases": (_phone, { open }, { cases }) => ({
      of: ["cases"],
      all: byId([...tables.cases.values()].filter(({ resolved_at }) => (resolved_at === null) === open)),
      shown: idsIn(cases, "case_id")
    }),
    "admin.session_proposals": (_phone, { status }, { proposals }) => ({
      of: ["proposals"],
      all: byId(
        [...tables.reroute_proposals.values()].filter((row) => status === null || row.status === status)
      ),
      shown: idsIn(proposals, "proposal_id")
    }),
    "admin.audit_log": (_phone, _payload, { entries }) => ({
      of: ["audit"],
      all: byId(tables.audit_log.values()),
      shown: idsIn(entries, "id")
    }),
    "admin.pending_payments": (_phone, _payload, { payments }) => ({
      of: ["payments"],
      all: newestFirst(
        [...tables.payment_requests.values()].filter(isOpen),
        ({ created_at, id }) => [created_at, id]
      ).map(({ id }) => id),
      shown: idsIn(payments, "payment_id")
    }),
    "admin.failed_pairings": (_phone, _payload, { payments }) => ({
      of: ["payments"],
      all: newestFirst(
        [...tables.payment_requests.values()].filter(isTroubled),
        (row) => [troubleOf(row), row.id]
      ).map(({ id }) => id),
      shown: idsIn(payments, "payment_id")
    }),
    "admin.pricing_history": (_phone, _payload, { changes }) => {
      const shown = ((changes ?? []) as ReadonlyArray<Answer>).map(({ id }) => String(id))
      const all = tables.pricing_history.map(({ id }) => String(id)).toReversed()
      // The changes in a real database are not read along.
      return { of: ["prices"], all: all.length === 0 ? shown : all, shown }
    }
  }
}

const alsoChecked = new Set(["customer.payment_status", "admin.inspect_session"])

export const lists: MakeRule = (context, complain) => {
  const { tables } = context
  const listers = listersOf(context)
  const asked = new Asked<Phone>()
  const changedAt = new Map<string, number>()
  /** By phone, call and cursor: the last that was shown before it. */
  const shownBefore = new Map<string, string>()

  const touch = (...owners: ReadonlyArray<string | null | undefined>) => {
    for (const owner of owners) if (owner != null) changedAt.set(owner, context.now_ms())
  }
  const isStill = (owners: ReadonlyArray<string>, since: number) =>
    owners.every((owner) => (changedAt.get(owner) ?? Number.NEGATIVE_INFINITY) < since)
  const keyOf = (phone: Phone, tag: string, payload: Answer) =>
    `${phone.id}/${tag}/${payload["payment_id"] ?? payload["session_id"] ?? payload["before"] ?? ""}`

  const flawOf = (phone: Phone, tag: string, payload: Answer, answer: Answer, list: List): string | null => {
    const { all, shown } = list
    const before: string | number | null = payload["before"] ?? null
    const pageKey = (cursor: unknown) =>
      `${phone.id}/${tag}/${payload["status"] ?? payload["open"]}/${cursor}`
    const known = before === null ? null : shownBefore.get(pageKey(before))
    // Where there is no word for the next page, its cursor is the last that was shown.
    const previous = known ?? (all.includes(String(before)) ? String(before) : known)
    if (previous === undefined || payload["after"] != null) return null
    const from = previous === null ? 0 : all.indexOf(previous) + 1
    const limit: number = payload["limit"] ?? listedMost
    const wanted = all.slice(from, from + limit)
    const last = shown.at(-1)
    const isPaged = "next" in answer
    if (isPaged && answer["next"] !== null && last !== undefined) {
      shownBefore.set(pageKey(answer["next"]), last)
    }
    if (wanted.join() !== shown.join()) {
      return `is shown ${shown.length} (${shown.at(0)}...) of ${wanted.length} (${wanted.at(0)}...)`
    }
    const isMore = all.length > from + limit
    return isPaged && isMore !== (answer["next"] !== null)
      ? `is told ${isMore ? "no" : "of a"} next page`
      : null
  }

  /** The newest of its sessions, or the chat that it is to make longer. */
  const sessionOf = ({ extends_session_id, id }: PaymentRow): string | null =>
    extends_session_id ??
      newestFirst(tables.chat_sessions.where("payment", id), (row) => [row.requested_at, row.id])[0]?.id ??
      null

  const paymentFlaw = (view: Answer): string | null => {
    const row = tables.payment_requests.get(view["payment_id"])
    if (row === undefined) return "is shown a payment that is not there"
    const wrong = [["status", row.status], ["amount_idr", row.amount_idr], [
      "session_id",
      sessionOf(row)
    ]] as const
    const first = wrong.find(([name, ought]) => view[name] !== ought)
    return first === undefined
      ? null
      : `is shown ${first[0]} ${view[first[0]]} of a payment; it is ${first[1]}`
  }

  /** What became of each offer; only who wanted it and was told that it was taken lost by so much. */
  const offerFlaw = (session_id: string, { ending, lost_by_ms, mitra_id, status }: Answer): string | null => {
    const row = tables.chat_request_notifications.get(`${session_id}/${mitra_id}`)
    if (row?.status !== status || row?.ending !== ending) return `is shown an offer as ${status}, ${ending}`
    return lost_by_ms !== null && ending !== "taken"
      ? `is told that one lost whose offer ended ${ending}`
      : null
  }

  const check = (phone: Phone, tag: string, payload: Answer, answer: Answer, since: number) => {
    const about = { people: [phone.name] }
    if (tag === "admin.inspect_session" && isStill([payload["session_id"]], since)) {
      const offers: ReadonlyArray<Answer> = answer["offers"]
      const flaw = offers.map((one) => offerFlaw(payload["session_id"], one)).find((each) => each !== null)
      if (flaw !== undefined) {
        complain(`${phone.name} ${flaw}`, { ...about, session_id: payload["session_id"] })
      }
    }
    const payments: ReadonlyArray<Answer> = tag === "customer.pending_payments"
      ? answer["payments"]
      : tag === "customer.payment_status"
      ? [answer]
      : []
    if (payments.length > 0 && isStill([phone.id ?? ""], since)) {
      const flaw = payments.map(paymentFlaw).find((each) => each !== null)
      if (flaw !== undefined) complain(`${phone.name} ${flaw}`, about)
    }
    const list = listers[tag]?.(phone, payload, answer)
    if (list === undefined || !isStill(list.of, since)) return
    const flaw = flawOf(phone, tag, payload, answer, list)
    if (flaw !== null) complain(`${tag}: ${phone.name} ${flaw}`, about)
  }

  const isAsked = (phone: Phone, tag: string) =>
    phone.id !== null && (listers[tag] !== undefined || alsoChecked.has(tag))

  return {
    rows: {
      payment_requests: ({ after, before }) => touch("payments", (after ?? before)?.customer_id),
      chat_sessions: ({ after, before }) => {
        if (after?.status !== before?.status || after?.mitra_id !== before?.mitra_id) {
          touch(after?.customer_id, after?.mitra_id, before?.mitra_id)
        }
      },
      mitra_assignments: ({ after, before }) => touch((after ?? before)?.mitra_id),
      chat_request_notifications: ({ after, before }) =>
        touch((after ?? before)?.mitra_id, (after ?? before)?.session_id),
      auth_sessions: ({ after, before }) => touch((after ?? before)?.user_id),
      blocks: ({ after, before }) => touch((after ?? before)?.customer_id, (after ?? before)?.mitra_id),
      staff: () => touch("staff"),
      cases: () => touch("cases"),
      reroute_proposals: () => touch("proposals"),
      audit_log: () => touch("audit"),
      pricing_tiers: () => touch("prices"),
      pricing_discounts: () => touch("prices")
    },
    sent: (phone, tag, payload) => {
      if (isAsked(phone, tag)) asked.ask(phone, keyOf(phone, tag, payload), context.now_ms())
    },
    called: (phone, tag, payload, outcome) => {
      if (!isAsked(phone, tag)) return
      const since = asked.answered(phone, keyOf(phone, tag, payload))
      const answer = answerOf(outcome)
      if (answer !== null && since !== null) check(phone, tag, payload, answer, since)
    }
  }
}
