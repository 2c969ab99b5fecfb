// Sessions whose deadline passed and nobody noticed: shown only when there are some, each a link.
import { Text } from "@mantine/core"
import { useCall } from "../connection/use-call.ts"
import { lengthOf } from "../format.ts"
import { Card } from "../parts/page.tsx"
import { SessionLink } from "../parts/person.tsx"
import { Status } from "../parts/status.tsx"
import { useText } from "../text/catalogue.ts"

export const StuckSessions = () => {
  const text = useText()
  const { data } = useCall("admin.stuck_sessions", { overdue_seconds: 30, limit: 50 }, 10_000)
  if (data === null || data.sessions.length === 0) return null
  return (
    <Card title={`${text.now.stuck} (${data.sessions.length})`}>
      {data.sessions.map((one) => (
        <Text size="sm" key={one.session_id} component="div">
          <SessionLink id={one.session_id} /> <Status of={one.status} /> {lengthOf(one.overdue_ms)} ·{" "}
          {one.owner_runner ?? "–"}
        </Text>
      ))}
    </Card>
  )
}
