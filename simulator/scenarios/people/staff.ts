// What a member of staff can do in a scenario.
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

  sets(key: string, value: number | string | boolean): Step {
    return this.calls(`sets ${key} to ${value}`, "admin.settings_write", () => ({ key, value }))
  }
}
