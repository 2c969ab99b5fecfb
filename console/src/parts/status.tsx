// Badges: a session's state, a mitra's three facts, a payment's state. The colour never says it alone.
import { Badge, Group } from "@mantine/core"
import { useText } from "../text/catalogue.ts"
import { useWords } from "./words.ts"

const colours: Readonly<Record<string, string>> = {
  searching: "blue",
  pending_acceptance: "cyan",
  active: "green",
  extending: "yellow",
  closing: "orange",
  completed: "gray",
  cancelled: "gray",
  expired: "red",
  pending: "blue",
  confirmed: "green",
  consumed: "gray",
  abandoned: "gray",
  failed_pairing: "red",
  accepted: "green",
  declined: "red",
  missed: "yellow",
  ignored: "orange",
  open: "orange",
  dismissed: "gray",
  resolved: "gray"
}

export const Status = ({ of }: { of: string }) => {
  const words = useWords()
  return <Badge variant="light" color={colours[of] ?? "gray"} tt="none">{words(of)}</Badge>
}

const Flag = ({ is, no, yes }: { is: boolean | null; yes: string; no: string }) => (
  <Badge
    variant={is === true ? "light" : "outline"}
    color={is === true ? "green" : "gray"}
    tt="none"
    {...(is === true ? {} : { c: "dimmed" })}
  >
    {is === null ? "?" : is ? yes : no}
  </Badge>
)

/** Three separate facts: an open socket, what she declared, and a phone that can be pushed to. */
export const Presence = ({ connected, declared, push }: {
  connected: boolean | null
  declared: boolean
  push: boolean
}) => {
  const text = useText()
  return (
    <Group gap={4} wrap="nowrap">
      <Flag is={connected} yes={text.mitra.connected} no={text.mitra.no_socket} />
      <Flag is={declared} yes={text.online} no={text.offline} />
      <Flag is={push} yes={text.mitra.push} no={text.mitra.no_push} />
    </Group>
  )
}
