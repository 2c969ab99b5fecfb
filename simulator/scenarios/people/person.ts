// The people of a scenario: what each can do, as steps, and what each may be expected to see. They act
// through the app a phone really has; nothing is done behind the server's back.
import * as Effect from "effect/Effect"
import type { PhoneApp } from "../../clients/phone-app.ts"
import type { Answer, CallFailure } from "../../clients/connection.ts"
import type { ClientSession } from "../../clients/client-state.ts"
import type { ScenarioRun } from "../run.ts"
import { type Sight, type Step, Unexpected } from "../step.ts"

type Outcome = { readonly tag: string; readonly answer: Answer | null; readonly code: string | null }

const codeOf = (failure: CallFailure): string => failure._tag === "Refused" ? failure.code : failure._tag

const listedMax = 8

/** Long lists are told by their beginning and their length. */
const listText = (texts: ReadonlyArray<string>): string => {
  const shown = texts.slice(0, listedMax).map((text) => JSON.stringify(text)).join(", ")
  return texts.length > listedMax ? `${shown} and ${texts.length - listedMax} more` : shown || "nothing"
}

/** The one message that decides, not all of them. */
const firstDifference = (expected: ReadonlyArray<string>, found: ReadonlyArray<string>): string => {
  const length = Math.max(expected.length, found.length)
  const index = Array.from({ length }, (_, at) => at).findIndex((at) => expected[at] !== found[at])
  const textAt = (texts: ReadonlyArray<string>) =>
    index < texts.length ? JSON.stringify(texts[index]) : "no message"
  return `message ${index + 1} is ${textAt(found)} instead of ${textAt(expected)}; ` +
    `${found.length} messages, ${expected.length} expected`
}

export class Person {
  readonly name: string
  /** Answers so far, oldest first. */
  readonly outcomes: Array<Outcome> = []

  constructor(name: string) {
    this.name = name
  }

  app(run: ScenarioRun): PhoneApp {
    return run.appOf(this.name)
  }

  /** `payload` is made when the step happens. Repeated by the app until it is known what became of it. */
  protected calls(
    text: string,
    tag: string,
    payload: (run: ScenarioRun) => object,
    then: (answer: Answer, run: ScenarioRun) => void = () => {}
  ): Step {
    return {
      text: `${this.name} ${text}`,
      execute: (run) => {
        const app = this.app(run)
        const asked = payload(run)
        run.start(
          app,
          Effect.matchEffect(app.call(tag, asked), {
            onSuccess: (answer) =>
              Effect.sync(() => {
                this.outcomes.push({ tag, answer, code: null })
                then(answer, run)
              }),
            onFailure: (failure) =>
              Effect.sync(() => void this.outcomes.push({ tag, answer: null, code: codeOf(failure) }))
          })
        )
      }
    }
  }

  protected expects(
    text: string,
    holds: (run: ScenarioRun) => boolean,
    found: (run: ScenarioRun) => unknown
  ): Step {
    return {
      text: `${this.name} ${text}`,
      execute: (run) => {
        if (!holds(run)) throw new Unexpected(`${this.name} ${text}`, found(run))
      }
    }
  }

  /** The newest session this person was told of. */
  session(run: ScenarioRun): ClientSession | null {
    return [...this.app(run).clientState.sessions.values()].at(-1) ?? null
  }

  kinds(run: ScenarioRun): ReadonlyArray<string> {
    return this.session(run)?.events.map(({ fact }) => fact["kind"] as string) ?? []
  }

  /** For `script.when`: the newest session brought this event. */
  hears(kind: string): Sight {
    return { text: `${this.name} hears ${kind}`, holds: (run) => this.kinds(run).includes(kind) }
  }

  sees(kind: string): Step {
    return this.expects(
      `has heard ${kind}`,
      (run) => this.kinds(run).includes(kind),
      (run) => this.kinds(run)
    )
  }

  seesNo(kind: string): Step {
    return this.expects(
      `has not heard ${kind}`,
      (run) => !this.kinds(run).includes(kind),
      (run) => this.kinds(run)
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
    return { text: `${this.name} is cut off`, execute: (run) => this.app(run).connection?.line?.cut() }
  }

  fallsSilent(): Step {
    return {
      text: `${this.name} is in a tunnel`,
      execute: (run) => this.app(run).connection?.line?.fallSilent()
    }
  }

  killsTheApp(): Step {
    return { text: `${this.name} kills the app`, execute: (run) => this.app(run).kill() }
  }

  opensTheApp(): Step {
    return { text: `${this.name} opens the app`, execute: (run) => run.launch(this.app(run)) }
  }

  /** The next connection goes to this runner. */
  prefersRunner(number: number): Step {
    return {
      text: `${this.name} connects to runner ${number}`,
      execute: (run) => {
        const app = this.app(run)
        app.prefers = run.context.world.runners[number - 1]
        app.connection?.line?.cut()
      }
    }
  }

  isConnected(): Step {
    return this.expects("is connected", (run) => this.app(run).isConnected, () => "not connected")
  }

  isNotConnected(): Step {
    return this.expects("is not connected", (run) => !this.app(run).isConnected, () => "connected")
  }

  says(body: string): Step {
    let id: string | null = null
    return {
      text: `${this.name} says "${body}"`,
      execute: (run) => {
        const app = this.app(run)
        id ??= app.newId()
        const message = { session_id: this.session(run)?.id ?? "", client_message_id: id, body }
        run.start(
          app,
          Effect.matchEffect(app.call("chat.send", message), {
            onSuccess: (answer) =>
              Effect.sync(() => {
                this.outcomes.push({ tag: "chat.send", answer, code: null })
                app.clientState.acknowledge(
                  message.session_id,
                  message.client_message_id,
                  body,
                  answer,
                  run.context.world.time.now_ms
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
    return this.calls("says goodbye", "chat.goodbye", (run) => ({
      command_id: this.app(run).newId(),
      session_id: this.session(run)?.id,
      text
    }))
  }

  ends(): Step {
    return this.calls("ends the chat", "chat.end", (run) => ({
      command_id: this.app(run).newId(),
      session_id: this.session(run)?.id
    }))
  }

  #messages(run: ScenarioRun): ReadonlyArray<string> {
    return this.session(run)?.events.flatMap(({ fact }) =>
      fact["kind"] === "message" ? [fact["message"].body] : []
    ) ?? []
  }

  /** Each of these texts reached this phone as a message, in this order; others may stand between them. */
  hasHeard(...bodies: ReadonlyArray<string>): Step {
    return this.expects(
      `has heard ${listText(bodies)}`,
      (run) => {
        let next = 0
        for (const body of this.#messages(run)) if (body === bodies[next]) next += 1
        return next === bodies.length
      },
      (run) => listText(this.#messages(run))
    )
  }

  /** The messages that reached this phone are these: once each, in this order, and no other. */
  heardExactly(...bodies: ReadonlyArray<string>): Step {
    return this.expects(
      `has heard exactly ${listText(bodies)}`,
      (run) => JSON.stringify(this.#messages(run)) === JSON.stringify(bodies),
      (run) => firstDifference(bodies, this.#messages(run))
    )
  }

  /** Any call, as a script that was written out from a run makes it. */
  sends(tag: string, payload: (run: ScenarioRun) => object): Step {
    return this.calls(`sends ${tag}`, tag, payload)
  }

  /** The n-th session that this phone was told of, from 1 on. */
  sessionId(run: ScenarioRun, number: number): string {
    return [...this.app(run).clientState.sessions.keys()][number - 1] ?? ""
  }

  /** The n-th payment that this person ordered, from 1 on. */
  paymentId(run: ScenarioRun, number: number): string {
    return [...run.context.world.stores.tables.payment_requests.values()].filter(({ customer_id }) =>
      customer_id === this.app(run).id
    )[number - 1]?.id ?? ""
  }
}
