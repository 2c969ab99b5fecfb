// Crossings with things that die: runners, the database, phones. No message and no paid second may be lost.
import type { ScenarioRun } from "../run.ts"
import { scenario, type Script } from "../script.ts"

const inAChat = (script: Script, runners: number) => {
  script.with({ runners })
  const ayu = script.mitra("ayu")
  const sari = script.customer("sari")
  script.at("0 s", ayu.goesOnline())
  script.at("2 s", sari.pays("chat_5"))
  script.at("8 s", ayu.accepts())
  return { ayu, sari }
}

/** The number of runners that ever owned the newest session, as its epoch says. */
const ownersOf = ({ context }: ScenarioRun): number =>
  [...context.world.stores.tables.chat_sessions.values()].at(-1)?.owner_epoch ?? 0

const runnerStates = ({ context }: ScenarioRun) =>
  context.world.runners.map(({ name, process }) => `${name}: ${process.state}`)

const isStoppedOnly = (number: number) => ({ context }: ScenarioRun): boolean =>
  context.world.runners.every(({ process }, index) => (process.state === "dead") === (index === number - 1))

export const killedBetweenCommitAndReply = scenario(
  "the runner is killed between commit and reply",
  "The message is in the database, its sender does not know: repeated with its id, it exists once.",
  (script) => {
    const { ayu, sari } = inAChat(script, 2)
    script.at("20 s", sari.prefersRunner(1))
    script.at("30 s", sari.says("one"))
    // 20 ms to the server, at most 3 ms to the database: committed, not yet answered.
    script.at("30.0235 s", script.runner(1).isKilled())
    script.at("31 s", script.runner(1).starts())
    script.at("60 s", sari.says("two"))
    script.at("75 s", ayu.heardExactly("one", "two"), sari.heardExactly("one", "two"))
  }
)

export const frozenOwner = scenario(
  "a frozen owner wakes after its actors were taken over",
  "It believes that it still owns the chat; the fence says no, and nothing it writes counts.",
  (script) => {
    const { ayu, sari } = inAChat(script, 2)
    script.at("20 s", script.runner(1).freezes())
    script.at("45 s", ayu.says("from the new owner"))
    script.at("60 s", script.runner(1).wakes())
    script.at("70 s", sari.says("after the wake"))
    script.at("90 s", ayu.heardExactly("from the new owner", "after the wake"))
    script.at("90 s", sari.heardExactly("from the new owner", "after the wake"))
    script.at("400 s", sari.sees("closing"), ayu.sees("closing"))
    script.at("400 s", script.expect("the chat has had an owner", (run) => ownersOf(run) >= 1, ownersOf))
  }
)

export const rollingRestart = scenario(
  "phones reconnect during a rolling restart",
  "Every runner is restarted in the middle of a chat; both phones hear everything once.",
  (script) => {
    const { ayu, sari } = inAChat(script, 3)
    for (const number of [1, 2, 3]) {
      const at = 20 + number * 15
      script.at(`${at} s`, script.runner(number).isStopped(), sari.says(`before ${number}`))
      script.at(`${at + 8} s`, script.runner(number).starts(), ayu.says(`after ${number}`))
    }
    const all = [1, 2, 3].flatMap((number) => [`before ${number}`, `after ${number}`])
    script.at("100 s", sari.heardExactly(...all), ayu.heardExactly(...all))
    script.at("100 s", sari.isConnected(), ayu.isConnected())
    script.at("400 s", sari.sees("closing"))
  }
)

export const drainedByStaff = scenario(
  "staff drain a runner in the middle of a chat",
  "Only the one they talk to stops, and as on SIGTERM: what it acknowledged is heard, the chat goes on.",
  (script) => {
    const { ayu, sari } = inAChat(script, 2)
    const staff = script.staff()
    script.at("0 s", staff.prefersRunner(1))
    script.at("20 s", staff.drains(2))
    script.at("25 s", staff.wasRefused("admin.drain_runner", "NOT_THIS_RUNNER"))
    script.at("30 s", sari.says("before"), staff.drains(1))
    script.at("31 s", staff.wasAnswered("admin.drain_runner"))
    script.at("45 s", script.expect("only the drained runner has stopped", isStoppedOnly(1), runnerStates))
    script.at("46 s", ayu.says("after"))
    script.at("60 s", sari.heardExactly("before", "after"), ayu.heardExactly("before", "after"))
    script.at("60 s", sari.isConnected(), ayu.isConnected())
    script.at("400 s", sari.sees("closing"))
  }
)

export const postgresRestart = scenario(
  "Postgres restarts in the middle of a chat",
  "Messages wait and go through; the paid time does not stop.",
  (script) => {
    const { ayu, sari } = inAChat(script, 2)
    script.at("30 s", script.postgres.goesDown(), sari.says("into the outage"))
    script.at("36 s", ayu.says("me too"))
    script.at("42 s", script.postgres.comesUp())
    script.at(
      "80 s",
      script.expect(
        "both have both messages, in one order",
        (run) => {
          const [one, other] = [ayu, sari].map((person) => JSON.stringify(messagesOf(run, person.name)))
          return one === other && messagesOf(run, "ayu").length === 2
        },
        (run) => ({ ayu: messagesOf(run, "ayu"), sari: messagesOf(run, "sari") })
      )
    )
    script.at("330 s", sari.sees("closing"), ayu.sees("closing"))
  }
)

const messagesOf = (run: ScenarioRun, name: string): ReadonlyArray<string> =>
  [...run.appOf(name).clientState.sessions.values()].at(-1)?.events.flatMap(({ fact }) =>
    fact["kind"] === "message" ? [fact["message"].body as string] : []
  ) ?? []

export const appKilledMidMessage = scenario(
  "the app is killed in the middle of a message and sends it again",
  "The same client id again: the peer has it once.",
  (script) => {
    const { ayu, sari } = inAChat(script, 1)
    const message = sari.says("are you there?")
    script.at("30 s", message)
    script.at("30.03 s", sari.killsTheApp())
    script.at("40 s", sari.opensTheApp())
    script.at("45 s", message)
    script.at("50 s", ayu.heardExactly("are you there?"), sari.heardExactly("are you there?"))
  }
)

export const everythingAtOnce = scenario(
  "all runners die in the last minute of a chat",
  "The deadline is in the row: the restart ends the chat to the second, and nothing is owed.",
  (script) => {
    const { ayu, sari } = inAChat(script, 2)
    script.at("290 s", script.runner(1).isKilled(), script.runner(2).isKilled())
    script.at("330 s", script.runner(1).starts())
    script.at("360 s", sari.sees("closing"), ayu.sees("closing"))
    script.at(
      "360 s",
      script.expect(
        "exactly 300 s were charged",
        ({ context }) => {
          const [session] = context.world.stores.tables.chat_sessions.values()
          const served = session?.ends_at === null ? 300_000 : 0
          return session?.ledger.purchased_ms === 300_000 && served === 300_000
        },
        ({ context }) => [...context.world.stores.tables.chat_sessions.values()].map(({ ledger }) => ledger)
      )
    )
  }
)

export const bothGoodbyes = scenario(
  "both goodbyes in the last second of the grace",
  "The mitra's goodbye and the end of the grace meet; the chat is completed once.",
  (script) => {
    const { ayu, sari } = inAChat(script, 1)
    script.at("20 s", ayu.ends(), sari.ends())
    script.after("299.9 s", sari.hears("closing"), ayu.saysGoodbye("until next time"))
    script.after("299.97 s", sari.hears("closing"), sari.saysGoodbye("bye"))
    script.at("330 s", sari.sees("completed"), ayu.sees("completed"))
    script.at(
      "330 s",
      script.expect(
        "it was completed once",
        (run) => completions(run) === 1,
        completions
      )
    )
  }
)

const completions = ({ context }: ScenarioRun): number =>
  [...context.world.stores.tables.session_events.values()].filter(({ event }) =>
    event._tag === "SessionCompleted"
  ).length
