// The console during a chat: its pages ask for what is happening, from the runner that happens to answer.
import { scenario } from "../script.ts"

export const consoleDuringAChat = scenario(
  "the console is opened during a chat",
  "Every page is answered, and the chat does not notice.",
  (script) => {
    const ayu = script.mitra("ayu")
    const sari = script.customer("sari")
    const staff = script.staff()
    script.at("0 s", ayu.goesOnline())
    script.at("2 s", sari.pays("chat_5"))
    script.at("8 s", ayu.accepts())
    script.at("20 s", sari.says("halo"))
    script.at("30 s", ...staff.opensTheConsole(sari, ayu))
    script.at("40 s", staff.wasAnswered("admin.live_sessions"), staff.wasAnswered("admin.health"))
    script.at("40 s", staff.wasAnsweredAlways(), ayu.heardExactly("halo"))
    script.at("800 s", sari.sees("completed"))
  }
)
