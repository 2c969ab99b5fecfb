// What a member of staff can do in a scenario.
import { adminPassword } from "../../clients/seed-data.ts"
import type { ScenarioRun } from "../run.ts"
import type { Step } from "../step.ts"
import type { Customer } from "./customer.ts"
import type { Mitra } from "./mitra.ts"
import { Person } from "./person.ts"

export class Staff extends Person {
  calling(tag: string, payload: (run: ScenarioRun) => object, text = tag): Step {
    return this.calls(text, tag, (run) => ({ command_id: this.app(run).newId(), ...payload(run) }))
  }

  deactivates(mitra: Mitra): Step {
    return this.calling(
      "admin.deactivate_mitra",
      (run) => ({ mitra_id: mitra.app(run).id }),
      `deactivates ${mitra.name}`
    )
  }

  forcesOffline(mitra: Mitra): Step {
    return this.calling(
      "admin.force_offline",
      (run) => ({ mitra_id: mitra.app(run).id }),
      `takes ${mitra.name} offline`
    )
  }

  /** Heavy orders need the password again, five minutes after it was given. */
  provesAgain(): Step {
    return this.calls("gives the password again", "admin.step_up", () => ({
      password: adminPassword,
      code: null
    }))
  }

  reroutes(chat: Customer, from: Mitra, to: Mitra): Step {
    return this.calling("admin.reroute", (run) => ({
      session_id: chat.session(run)?.id,
      from_mitra_id: from.app(run).id,
      mitra_id: to.app(run).id,
      reason: "the script wants it so"
    }), `gives ${chat.name}'s chat from ${from.name} to ${to.name}`)
  }

  /** The first one has number 1, as in the script. */
  drains(number: number): Step {
    return this.calls(
      `drains runner ${number}`,
      "admin.drain_runner",
      () => ({ address: `runner-${number}:1` })
    )
  }

  /** What the console asks when its pages are opened while this chat runs. */
  opensTheConsole(chat: Customer, mitra: Mitra): ReadonlyArray<Step> {
    const page = { after: null, limit: 20 }
    const asked: ReadonlyArray<readonly [string, (run: ScenarioRun) => object]> = [
      ["admin.me", () => ({})],
      ["admin.live_sessions", () => ({ ...page, filter: "all", mitra_id: null })],
      ["admin.queue", () => ({ limit: 20 })],
      ["admin.mitras", () => ({ ...page, filter: "online", search: null })],
      ["admin.customers", () => ({ search: "s", limit: 20 })],
      ["admin.customer", (run) => ({ find: chat.app(run).id })],
      ["admin.customer_payments", (run) => ({ customer_id: chat.app(run).id, limit: 20 })],
      ["admin.session_timeline", (run) => ({ session_id: chat.session(run)?.id })],
      ["admin.audit_search", () => ({
        staff_id: null,
        action: "mitra.",
        target_type: null,
        target_id: null,
        before: null,
        limit: 20
      })],
      ["admin.health", () => ({})],
      ["admin.stuck_sessions", () => ({ overdue_seconds: 30, limit: 20 })],
      ["admin.past_sessions", (run) => ({
        ...page,
        customer_id: null,
        mitra_id: mitra.app(run).id,
        before: null
      })],
      ["admin.mitra_activity", (run) => ({ mitra_id: mitra.app(run).id, days: 7 })],
      ["admin.settings_read", () => ({})],
      ["admin.push_outbox", () => ({})],
      ["admin.runners", () => ({})]
    ]
    return asked.map(([tag, payload]) => this.calls(`asks ${tag}`, tag, payload))
  }

  /** Every call so far was answered. */
  wasAnsweredAlways(): Step {
    const refused = () => this.outcomes.filter((outcome) => outcome.answer === null)
    return this.expects("was answered every time", () => refused().length === 0, refused)
  }

  sets(key: string, value: number | string | boolean): Step {
    return this.calls(`sets ${key} to ${value}`, "admin.settings_write", () => ({ key, value }))
  }
}
