// What a mitra of a scenario can do, and what she sees of the requests she is offered.
import type { Play } from "../run.ts"
import type { Sight, Step } from "../step.ts"
import { Person } from "./person.ts"

export class Mitra extends Person {
  readonly number: number

  constructor(name: string, number: number) {
    super(name)
    this.number = number
  }

  goesOnline(): Step {
    return this.calls("goes online", "mitra.go_online", (play) => ({ command_id: this.app(play).newId() }))
  }

  goesOffline(): Step {
    return this.calls("goes offline", "mitra.go_offline", (play) => ({ command_id: this.app(play).newId() }))
  }

  #request(play: Play): string {
    return [...this.app(play).told.offers].at(-1)?.[0] ?? ""
  }

  /** The offer she was shown last, whether it is still open or not. */
  accepts(): Step {
    return this.calls("accepts", "mitra.accept", (play) => ({
      command_id: this.app(play).newId(),
      session_id: this.#request(play)
    }))
  }

  declines(): Step {
    return this.calls("declines", "mitra.decline", (play) => ({
      command_id: this.app(play).newId(),
      session_id: this.#request(play)
    }))
  }

  answersTheExtension(approve: boolean): Step {
    return this.calls(`${approve ? "grants" : "refuses"} the extension`, "mitra.answer_extension", (play) => {
      const session = this.session(play)
      const request = session?.events.findLast(({ fact }) => fact["kind"] === "extension_requested")
      return {
        command_id: this.app(play).newId(),
        session_id: session?.id,
        extension_seq: request?.seq ?? 0,
        approve
      }
    })
  }

  /** For `story.when`. */
  get isOffered(): Sight {
    return {
      text: `${this.name} is offered a request`,
      holds: (play) => [...this.app(play).told.offers.values()].some(({ ending }) => ending === null)
    }
  }

  offerEndedWith(ending: string | null): Step {
    const last = (play: Play) => [...this.app(play).told.offers.values()].at(-1)?.ending
    return this.expects(
      `was told that the offer is ${ending ?? "open"}`,
      (play) => last(play) === ending,
      last
    )
  }

  hasNoOffer(): Step {
    const open = (play: Play) =>
      [...this.app(play).told.offers.values()].filter(({ ending }) => ending === null).length
    return this.expects("has no open offer", (play) => open(play) === 0, open)
  }
}
