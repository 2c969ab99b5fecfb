// The people of a scenario: what each can do, as steps, and what each may be expected to see. They act
// through the app a phone really has; nothing is done behind the server's back.
import * as Effect from "effect/Effect"
import type { App } from "../../clients/phone-app.ts"
import type { Answer, CallFailure } from "../../clients/connection.ts"
import type { ToldSession } from "../../clients/client-state.ts"
import type { Play } from "../run.ts"
import { type Sight, type Step, Unexpected } from "../step.ts"

type Outcome = { readonly tag: string; readonly answer: Answer | null; readonly code: string | null }

const codeOf = (failure: CallFailure): string => failure._tag === "Refused" ? failure.code : failure._tag

export class Person {
  readonly name: string
  /** Answers so far, oldest first. */
  readonly outcomes: Array<Outcome> = []

  constructor(name: string) {
    this.name = name
  }

  app(play: Play): App {
    return play.appOf(this.name)
  }

  /** `payload` is made when the step happens. Repeated by the app until it is known what became of it. */
  protected calls(
    text: string,
    tag: string,
    payload: (play: Play) => object,
    then: (answer: Answer, play: Play) => void = () => {}
  ): Step {
    return {
      text: `${this.name} ${text}`,
      run: (play) => {
        const app = this.app(play)
        const asked = payload(play)
        play.run(
          app,
          Effect.matchEffect(app.call(tag, asked), {
            onSuccess: (answer) =>
              Effect.sync(() => {
                this.outcomes.push({ tag, answer, code: null })
                then(answer, play)
              }),
            onFailure: (failure) =>
              Effect.sync(() => void this.outcomes.push({ tag, answer: null, code: codeOf(failure) }))
          })
        )
      }
    }
  }

  protected expects(text: string, holds: (play: Play) => boolean, found: (play: Play) => unknown): Step {
    return {
      text: `${this.name} ${text}`,
      run: (play) => {
        if (!holds(play)) throw new Unexpected(`${this.name} ${text}`, found(play))
      }
    }
  }

  /** The newest session this person was told of. */
  session(play: Play): ToldSession | null {
    return [...this.app(play).told.sessions.values()].at(-1) ?? null
  }

  kinds(play: Play): ReadonlyArray<string> {
    return this.session(play)?.events.map(({ fact }) => fact["kind"] as string) ?? []
  }

  /** For `story.when`: the newest session brought this event. */
  hears(kind: string): Sight {
    return { text: `${this.name} hears ${kind}`, holds: (play) => this.kinds(play).includes(kind) }
  }

  sees(kind: string): Step {
    return this.expects(
      `has heard ${kind}`,
      (play) => this.kinds(play).includes(kind),
      (play) => this.kinds(play)
    )
  }

  seesNo(kind: string): Step {
    return this.expects(
      `has not heard ${kind}`,
      (play) => !this.kinds(play).includes(kind),
      (play) => this.kinds(play)
    )
  }

  /** The answer to the last call of this name was a refusal with this code. */
  wasRefused(tag: string, code: string): Step {
    const last = () => this.outcomes.findLast((outcome) => outcome.tag === tag)
    return this.expects(
      `was refused ${tag} with ${code}`,
      () => last()?.code === code,
      () => last() ?? "no answer"
    )
  }

  wasAnswered(tag: string): Step {
    const last = () => this.outcomes.findLast((outcome) => outcome.tag === tag)
    return this.expects(`was answered ${tag}`, () => last()?.answer != null, () => last() ?? "no answer")
  }

  isCutOff(): Step {
    return { text: `${this.name} is cut off`, run: (play) => this.app(play).connection?.line?.cut() }
  }

  fallsSilent(): Step {
    return {
      text: `${this.name} is in a tunnel`,
      run: (play) => this.app(play).connection?.line?.fallSilent()
    }
  }

  killsTheApp(): Step {
    return { text: `${this.name} kills the app`, run: (play) => this.app(play).kill() }
  }

  opensTheApp(): Step {
    return { text: `${this.name} opens the app`, run: (play) => play.launch(this.app(play)) }
  }

  /** The next connection goes to this runner. */
  prefersRunner(number: number): Step {
    return {
      text: `${this.name} connects to runner ${number}`,
      run: (play) => {
        const app = this.app(play)
        app.prefers = play.stage.world.runners[number - 1]
        app.connection?.line?.cut()
      }
    }
  }

  isConnected(): Step {
    return this.expects("is connected", (play) => this.app(play).isConnected, () => "not connected")
  }

  isNotConnected(): Step {
    return this.expects("is not connected", (play) => !this.app(play).isConnected, () => "connected")
  }

  says(body: string): Step {
    let id: string | null = null
    return {
      text: `${this.name} says "${body}"`,
      run: (play) => {
        const app = this.app(play)
        id ??= app.newId()
        const message = { session_id: this.session(play)?.id ?? "", client_message_id: id, body }
        play.run(
          app,
          Effect.matchEffect(app.call("chat.send", message), {
            onSuccess: (answer) =>
              Effect.sync(() => {
                this.outcomes.push({ tag: "chat.send", answer, code: null })
                app.told.acknowledge(
                  message.session_id,
                  message.client_message_id,
                  body,
                  answer,
                  play.stage.world.time.now_ms
                )
              }),
            onFailure: (failure) =>
              Effect.sync(() =>
                void this.outcomes.push({ tag: "chat.send", answer: null, code: codeOf(failure) })
              )
          })
        )
      }
    }
  }

  saysGoodbye(text = "thank you"): Step {
    return this.calls("says goodbye", "chat.goodbye", (play) => ({
      command_id: this.app(play).newId(),
      session_id: this.session(play)?.id,
      text
    }))
  }

  ends(): Step {
    return this.calls("ends the chat", "chat.end", (play) => ({
      command_id: this.app(play).newId(),
      session_id: this.session(play)?.id
    }))
  }

  /** Every one of these texts reached this phone as a message, once and in this order, and no other. */
  hasHeard(...bodies: ReadonlyArray<string>): Step {
    const heard = (play: Play) =>
      this.session(play)?.events.flatMap(({ fact }) =>
        fact["kind"] === "message" ? [fact["message"].body] : []
      ) ?? []
    return this.expects(
      `has the messages ${JSON.stringify(bodies)}`,
      (play) => JSON.stringify(heard(play)) === JSON.stringify(bodies),
      heard
    )
  }
}
