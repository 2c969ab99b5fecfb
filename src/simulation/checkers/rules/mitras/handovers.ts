// 14: a chat has one mitra at a time, and whoever handed it over reads and hears nothing that came later.
import { answerOf, type MakeRule, type Phone } from "../../rule.ts"

/** What was on its way over a slow line still arrives. */
const lateFrameMs = 15_000
/** Of moments that are not numbered: they are about now. */
const passing = new Set(["typing", "tick", "receipt"])

export const handovers: MakeRule = (scene, complain) => {
  const { tables } = scene
  /** By session and mitra: until where she may read, and since when she is out. */
  const left = new Map<string, { readonly seq: number; readonly at_ms: number }>()
  const strays = new Map<string, number>()

  const about = (phone: Phone, session_id: string) => ({ session_id, people: [phone.name] })
  const leftBy = (phone: Phone, session_id: string) =>
    phone.role === "mitra" ? left.get(`${session_id}/${phone.id}`) : undefined

  const passed = (phone: Phone, session_id: string, what: string) => {
    const out = leftBy(phone, session_id)
    if (out === undefined || scene.now_ms() - out.at_ms < lateFrameMs) return
    const key = `${session_id}/${phone.id}`
    // A phone that was asleep hears all of it when it wakes, at one instant.
    const before = strays.get(key) ?? scene.now_ms()
    strays.set(key, before)
    if (scene.now_ms() - before < lateFrameMs) return
    complain(`${phone.name} handed a chat over and was still told: ${what}`, about(phone, session_id))
  }

  /** Until where she may read, by her last time with it; null while it is hers, or was to its end. */
  const lastOf = (session_id: string, mitraId: string): number | null => {
    let seq: number | null = null
    for (let position = 0;; position += 1) {
      const assignment = tables.mitra_assignments.get(`${session_id}/${position}`)
      if (assignment === undefined) return seq
      if (assignment.mitra_id === mitraId) seq = assignment.left?.seq ?? null
    }
  }

  return {
    rows: {
      mitra_assignments: ({ after, before }) => {
        if (after === undefined) return
        const { mitra_id, position, session_id } = after
        const key = `${session_id}/${mitra_id}`
        if (before !== undefined && before.mitra_id !== mitra_id) {
          complain("who had a chat was written over", { session_id })
        }
        if (before === undefined && position > 0) {
          const previous = tables.mitra_assignments.get(`${session_id}/${position - 1}`)
          if (previous?.ended_at !== after.started_at) {
            complain("a chat was given to another while it still had its mitra", { session_id })
          }
        }
        const last = lastOf(session_id, mitra_id)
        if (last === null) {
          left.delete(key)
          strays.delete(key)
        } else if (left.get(key)?.seq !== last) left.set(key, { seq: last, at_ms: scene.now_ms() })
      }
    },
    heard: (phone, event) => {
      const session_id = event["session_id"]
      if (passing.has(event["_tag"])) return passed(phone, session_id, event["_tag"])
      const out = event["_tag"] === "session" ? leftBy(phone, session_id) : undefined
      if (out === undefined || event["seq"] <= out.seq) return
      complain(
        `${phone.name} handed a chat over at ${out.seq} and heard ${event["seq"]}`,
        about(phone, session_id)
      )
    },
    called: (phone, tag, payload, outcome) => {
      const answer = tag === "chat.history" ? answerOf(outcome) : null
      const out = answer === null ? undefined : leftBy(phone, payload["session_id"])
      if (answer === null || out === undefined) return
      for (const { seq } of answer["messages"]) {
        if (seq <= out.seq) continue
        const text = `${phone.name} handed a chat over at ${out.seq} and was shown ${seq}`
        return complain(text, about(phone, payload["session_id"]))
      }
    }
  }
}
