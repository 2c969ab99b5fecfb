// What a member of staff can do in a scenario.
import type { Play } from "../run.ts"
import type { Step } from "../step.ts"
import type { Customer } from "./customer.ts"
import type { Mitra } from "./mitra.ts"
import { Person } from "./person.ts"

export class Staff extends Person {
  calling(tag: string, payload: (play: Play) => object, text = tag): Step {
    return this.calls(text, tag, (play) => ({ command_id: this.app(play).newId(), ...payload(play) }))
  }

  deactivates(mitra: Mitra): Step {
    return this.calling(
      "admin.deactivate_mitra",
      (play) => ({ mitra_id: mitra.app(play).id }),
      `deactivates ${mitra.name}`
    )
  }

  forcesOffline(mitra: Mitra): Step {
    return this.calling(
      "admin.force_offline",
      (play) => ({ mitra_id: mitra.app(play).id }),
      `takes ${mitra.name} offline`
    )
  }

  reroutes(chat: Customer, from: Mitra, to: Mitra): Step {
    return this.calling("admin.reroute", (play) => ({
      session_id: chat.session(play)?.id,
      from_mitra_id: from.app(play).id,
      mitra_id: to.app(play).id,
      reason: "the story wants it so"
    }), `gives ${chat.name}'s chat from ${from.name} to ${to.name}`)
  }

  /** The first one has number 1, as in the story. */
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
