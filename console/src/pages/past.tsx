// Chats that are over, and those that wait for staff: their mitra is gone, and somebody should take over.
import { Button, Group, Text } from "@mantine/core"
import { call } from "../connection/sign-in.ts"
import { useCall } from "../connection/use-call.ts"
import { counted } from "../format.ts"
import { Confirm } from "../parts/confirm.tsx"
import { Card, Page } from "../parts/page.tsx"
import { PastSessions } from "../parts/past-sessions.tsx"
import { May } from "../parts/permitted.tsx"
import { Since } from "../parts/time.tsx"
import { useWords } from "../parts/words.ts"
import { to } from "../routes.ts"
import { useText } from "../text/catalogue.ts"

const Proposals = () => {
  const text = useText()
  const words = useWords()
  const { data, reload } = useCall(
    "admin.session_proposals",
    { status: "open", before: null, limit: 50 },
    5_000
  )
  if (data === null || data.proposals.length === 0) return null
  return (
    <Card title={counted(data.proposals.length, text.now.proposals)}>
      {data.proposals.map((one) => (
        <Group key={one.proposal_id} justify="space-between" mb="xs">
          <Text size="sm" component="div">
            {one.customer_name} → {one.mitra_name}: {words(one.cause)}, <Since at={one.since} />
          </Text>
          <Group gap="xs">
            <Button component="a" href={to("sessions", one.session_id)} size="xs" variant="light">
              {text.session.title}
            </Button>
            <May write="sessions">
              <Confirm
                label={text.payment.dismiss}
                what={text.session.absent}
                size="xs"
                isReasonAsked
                onDone={reload}
                run={(reason) => call("admin.dismiss_proposal", { proposal_id: one.proposal_id, reason })}
              />
            </May>
          </Group>
        </Group>
      ))}
    </Card>
  )
}

const PastPage = () => {
  const text = useText()
  return (
    <Page title={text.nav.past}>
      <Proposals />
      <PastSessions customerId={null} label={text.nav.past} />
    </Page>
  )
}

export default PastPage
