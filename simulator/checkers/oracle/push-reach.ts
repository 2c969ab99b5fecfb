// Since when a push reaches each person: a token that is registered by a sign-in that is still good.
import type { AuthSessionRow, Tables } from "../../../testkit/memory/store/tables.ts"
import type { Device } from "../../../src/services/accounts/accounts.ts"
import type { CheckerContext } from "../rule.ts"
import type { Change } from "../rows.ts"

export class PushReach {
  readonly #tables: Tables
  readonly #now_ms: () => number
  readonly #since = new Map<string, number>()

  constructor({ now_ms, tables }: Pick<CheckerContext, "now_ms" | "tables">) {
    this.#tables = tables
    this.#now_ms = now_ms
  }

  /** To be told of every change of both tables. */
  readonly devices = ({ after, before }: Change<Device>): void => {
    for (const row of [before, after]) if (row !== undefined) this.#note(row)
  }
  readonly signIns = ({ after }: Change<AuthSessionRow>): void => {
    if (after?.revoked_at != null) this.#note(after)
  }

  /** For how long by now; 0 while none does. */
  forMs(user_id: string): number {
    return this.#now_ms() - (this.#since.get(user_id) ?? this.#now_ms())
  }

  #note({ user_id, user_type }: Pick<AuthSessionRow, "user_id" | "user_type">): void {
    const isReached = this.#tables.devices.where("person", `${user_type}:${user_id}`).some((device) =>
      this.#tables.auth_sessions.where("family", device.auth_session_id).every((row) =>
        row.revoked_at === null
      )
    )
    if (!isReached) this.#since.delete(user_id)
    else if (!this.#since.has(user_id)) this.#since.set(user_id, this.#now_ms())
  }
}
