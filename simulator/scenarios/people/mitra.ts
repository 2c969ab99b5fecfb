// What a mitra of a scenario can do, and what she sees of the requests she is offered.
import type { ScenarioRun } from "../run.ts"
import type { Sight, Step } from "../step.ts"
import { Person } from "./person.ts"

export class Mitra extends Person {
  readonly number: number

  constructor(name: string, number: number) {
    super(name)
    this.number = number
  }

  goesOnline(): Step {
    return this.calls("goes online", "mitra.go_online", (run) => ({ command_id: this.app(run).newId() }))
  }

  goesOffline(): Step {
    return this.calls("goes offline", "mitra.go_offline", (run) => ({ command_id: this.app(run).newId() }))
  }

  #request(run: ScenarioRun): string {
    return [...this.app(run).clientState.offers].at(-1)?.[0] ?? ""
  }

  /** The offer she was shown last, whether it is still open or not. */
  accepts(): Step {
    return this.calls("accepts", "mitra.accept", (run) => ({
      command_id: this.app(run).newId(),
      session_id: this.#request(run)
    }))
  }

  declines(): Step {
    return this.calls("declines", "mitra.decline", (run) => ({
      command_id: this.app(run).newId(),
      session_id: this.#request(run)
    }))
  }

  answersTheExtension(approve: boolean): Step {
    return this.calls(`${approve ? "grants" : "refuses"} the extension`, "mitra.answer_extension", (run) => {
      const session = this.session(run)
      const request = session?.events.findLast(({ fact }) => fact["kind"] === "extension_requested")
      return {
        command_id: this.app(run).newId(),
        session_id: session?.id,
        extension_seq: request?.seq ?? 0,
        approve
      }
    })
  }

  /** For `script.when`. */
  get isOffered(): Sight {
    return {
      text: `${this.name} is offered a request`,
      holds: (run) => [...this.app(run).clientState.offers.values()].some(({ ending }) => ending === null)
    }
  }

  offerEndedWith(ending: string | null): Step {
    const last = (run: ScenarioRun) => [...this.app(run).clientState.offers.values()].at(-1)?.ending
    return this.expects(
      `was told that the offer is ${ending ?? "open"}`,
      (run) => last(run) === ending,
      last
    )
  }

  hasNoOffer(): Step {
    const open = (run: ScenarioRun) =>
      [...this.app(run).clientState.offers.values()].filter(({ ending }) => ending === null).length
    return this.expects("has no open offer", (run) => open(run) === 0, open)
  }
}
