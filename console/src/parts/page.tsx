// What every page is made of: its head, cards, what to say while there is nothing, and why something failed.
import { Alert, Group, Loader, Stack, Text, Title } from "@mantine/core"
import type { ReactNode } from "react"
import type { Problem } from "../connection/line.ts"
import { useLive } from "../connection/live.ts"
import { useText } from "../text/catalogue.ts"

export const Page = ({ children, actions, lead, title }: {
  title: ReactNode
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) => (
  <Stack gap="md">
    <Group justify="space-between" align="flex-end" gap="sm">
      <div>
        <Title order={1}>{title}</Title>
        {lead === undefined ? null : <Text c="dimmed" size="sm" component="div">{lead}</Text>}
      </div>
      {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
    </Group>
    {children}
  </Stack>
)

export const Card = ({ aside, children, pad = true, title }: {
  title?: ReactNode
  aside?: ReactNode
  pad?: boolean
  children: ReactNode
}) => (
  <section className="card">
    {title === undefined ? null : (
      <Group justify="space-between" className="card-head" gap="xs">
        <Title order={2}>{title}</Title>
        {aside}
      </Group>
    )}
    <div style={pad ? { padding: 16 } : {}}>{children}</div>
  </section>
)

export const Empty = ({ children }: { children: ReactNode }) => (
  <Text c="dimmed" size="sm" p="md" ta="center">{children}</Text>
)

/** In the server's own words, with its code for whoever looks it up. */
export const Failed = ({ problem }: { problem: Problem | null }) =>
  problem === null ? null : (
    <Alert color="red" variant="light" role="alert" title={problem.message}>
      <Text size="xs" ff="monospace" c="var(--mantine-color-text)">{problem.code}</Text>
    </Alert>
  )

export const Waiting = () => {
  const text = useText()
  return (
    <Group justify="center" p="lg">
      <Loader size="sm" aria-label={text.loading} />
    </Group>
  )
}

/** Grey while nothing new is told. */
export const LiveOnly = ({ children }: { children: ReactNode }) => (
  <div className={useLive().isLive ? "" : "stale"}>{children}</div>
)

/** A label and what it says, one under the other. */
export const Fact = ({ children, label }: { label: string; children: ReactNode }) => (
  <div>
    <Text size="xs" c="dimmed" className="label">{label}</Text>
    <Text size="sm" component="div">{children}</Text>
  </div>
)
