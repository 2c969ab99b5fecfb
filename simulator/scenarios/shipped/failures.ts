// Crossings with things that die: runners, the database, phones. Nobody may lose a message or a second.
import type { Play } from "../run.ts"
import { scenario, type Story } from "../script.ts"

const inAChat = (story: Story, runners: number) => {
  story.with({ runners })
  const ayu = story.mitra("ayu")
  const sari = story.customer("sari")
  story.at("0 s", ayu.goesOnline())
  story.at("2 s", sari.pays("chat_5"))
  story.at("8 s", ayu.accepts())
  return { ayu, sari }
}

/** The number of runners that ever owned the newest session, as its epoch says. */
const ownersOf = ({ stage }: Play): number =>
  [...stage.world.stores.tables.chat_sessions.values()].at(-1)?.owner_epoch ?? 0

const runnerStates = ({ stage }: Play) =>
  stage.world.runners.map(({ name, process }) => `${name}: ${process.state}`)

const isStoppedOnly = (number: number) => ({ stage }: Play): boolean =>
  stage.world.runners.every(({ process }, index) => (process.state === "dead") === (index === number - 1))

export const killedBetweenCommitAndReply = scenario(
  "the runner is killed between commit and reply",
  "The message is in the database, its sender does not know: repeated with its id, it exists once.",
  (story) => {
    const { ayu, sari } = inAChat(story, 2)
    story.at("20 s", sari.prefersRunner(1))
    story.at("30 s", sari.says("one"))
    // 20 ms to the server, at most 3 ms to the database: committed, not yet answered.
    story.at("30.0235 s", story.runner(1).isKilled())
    story.at("31 s", story.runner(1).starts())
    story.at("60 s", sari.says("two"))
    story.at("75 s", ayu.hasHeard("one", "two"), sari.hasHeard("one", "two"))
  }
)

export const frozenOwner = scenario(
  "a frozen owner wakes after its actors were taken over",
  "It believes that it still owns the chat; the fence says no, and nothing it writes counts.",
  (story) => {
    const { ayu, sari } = inAChat(story, 2)
    story.at("20 s", story.runner(1).freezes())
    story.at("45 s", ayu.says("from the new owner"))
    story.at("60 s", story.runner(1).wakes())
    story.at("70 s", sari.says("after the wake"))
    story.at("90 s", ayu.hasHeard("from the new owner", "after the wake"))
    story.at("90 s", sari.hasHeard("from the new owner", "after the wake"))
    story.at("400 s", sari.sees("closing"), ayu.sees("closing"))
    story.at("400 s", story.expect("the chat has had an owner", (play) => ownersOf(play) >= 1, ownersOf))
  }
)

export const rollingRestart = scenario(
  "phones reconnect during a rolling restart",
  "Every runner is restarted in the middle of a chat; both phones hear everything once.",
  (story) => {
    const { ayu, sari } = inAChat(story, 3)
    for (const number of [1, 2, 3]) {
      const at = 20 + number * 15
      story.at(`${at} s`, story.runner(number).isStopped(), sari.says(`before ${number}`))
      story.at(`${at + 8} s`, story.runner(number).starts(), ayu.says(`after ${number}`))
    }
    const all = [1, 2, 3].flatMap((number) => [`before ${number}`, `after ${number}`])
    story.at("100 s", sari.hasHeard(...all), ayu.hasHeard(...all))
    story.at("100 s", sari.isConnected(), ayu.isConnected())
    story.at("400 s", sari.sees("closing"))
  }
)

export const drainedByStaff = scenario(
  "staff drain a runner in the middle of a chat",
  "Only the one they talk to stops, and as on SIGTERM: what it acknowledged is heard, the chat goes on.",
  (story) => {
    const { ayu, sari } = inAChat(story, 2)
    const staff = story.staff()
    story.at("0 s", staff.prefersRunner(1))
    story.at("20 s", staff.drains(2))
    story.at("25 s", staff.wasRefused("admin.drain_runner", "NOT_THIS_RUNNER"))
    story.at("30 s", sari.says("before"), staff.drains(1))
    story.at("31 s", staff.wasAnswered("admin.drain_runner"))
    story.at("45 s", story.expect("only the drained runner has stopped", isStoppedOnly(1), runnerStates))
    story.at("46 s", ayu.says("after"))
    story.at("60 s", sari.hasHeard("before", "after"), ayu.hasHeard("before", "after"))
    story.at("60 s", sari.isConnected(), ayu.isConnected())
    story.at("400 s", sari.sees("closing"))
  }
)

export const postgresRestart = scenario(
  "Postgres restarts in the middle of a chat",
  "Messages wait and go through; the paid time does not stop.",
  (story) => {
    const { ayu, sari } = inAChat(story, 2)
    story.at("30 s", story.postgres.goesDown(), sari.says("into the outage"))
    story.at("36 s", ayu.says("me too"))
    story.at("42 s", story.postgres.comesUp())
    story.at(
      "80 s",
      story.expect(
        "both have both messages, in one order",
        (play) => {
          const [one, other] = [ayu, sari].map((person) => JSON.stringify(messagesOf(play, person.name)))
          return one === other && messagesOf(play, "ayu").length === 2
        },
        (play) => ({ ayu: messagesOf(play, "ayu"), sari: messagesOf(play, "sari") })
      )
    )
    story.at("330 s", sari.sees("closing"), ayu.sees("closing"))
  }
)

const messagesOf = (play: Play, name: string): ReadonlyArray<string> =>
  [...play.appOf(name).told.sessions.values()].at(-1)?.events.flatMap(({ fact }) =>
    fact["kind"] === "message" ? [fact["message"].body as string] : []
  ) ?? []

export const appKilledMidMessage = scenario(
  "the app is killed in the middle of a message and sends it again",
  "The same client id again: the peer has it once.",
  (story) => {
    const { ayu, sari } = inAChat(story, 1)
    const message = sari.says("are you there?")
    story.at("30 s", message)
    story.at("30.03 s", sari.killsTheApp())
    story.at("40 s", sari.opensTheApp())
    story.at("45 s", message)
    story.at("50 s", ayu.hasHeard("are you there?"), sari.hasHeard("are you there?"))
  }
)

export const everythingAtOnce = scenario(
  "all runners die in the last minute of a chat",
  "The deadline is in the row: the restart ends the chat to the second, and nothing is owed.",
  (story) => {
    const { ayu, sari } = inAChat(story, 2)
    story.at("290 s", story.runner(1).isKilled(), story.runner(2).isKilled())
    story.at("330 s", story.runner(1).starts())
    story.at("360 s", sari.sees("closing"), ayu.sees("closing"))
    story.at(
      "360 s",
      story.expect(
        "exactly 300 s were charged",
        ({ stage }) => {
          const [session] = stage.world.stores.tables.chat_sessions.values()
          const served = session?.ends_at === null ? 300_000 : 0
          return session?.ledger.purchased_ms === 300_000 && served === 300_000
        },
        ({ stage }) => [...stage.world.stores.tables.chat_sessions.values()].map(({ ledger }) => ledger)
      )
    )
  }
)

export const bothGoodbyes = scenario(
  "both goodbyes in the last second of the grace",
  "The mitra's goodbye and the end of the grace meet; the chat is completed once.",
  (story) => {
    const { ayu, sari } = inAChat(story, 1)
    story.at("20 s", ayu.ends(), sari.ends())
    story.after("299.9 s", sari.hears("closing"), ayu.saysGoodbye("until next time"))
    story.after("299.97 s", sari.hears("closing"), sari.saysGoodbye("bye"))
    story.at("330 s", sari.sees("completed"), ayu.sees("completed"))
    story.at(
      "330 s",
      story.expect(
        "it was completed once",
        (play) => completions(play) === 1,
        completions
      )
    )
  }
)

const completions = ({ stage }: Play): number =>
  [...stage.world.stores.tables.session_events.values()].filter(({ event }) =>
    event._tag === "SessionCompleted"
  ).length
