// Somebody saved first: who it was, and each field as it was, as it is now, and as it is typed here. Either
// side may be taken; nothing is lost before somebody decides.
import { Alert, Button, Group, Text } from "@mantine/core"
import { useCall } from "../connection/use-call.ts"
import type { Draft } from "../connection/use-draft.ts"
import { words } from "../format.ts"
import { useText } from "../text/catalogue.ts"
import { StaffName } from "./staff-name.tsx"
import { Instant } from "./time.tsx"

type Fields = Readonly<Record<string, unknown>>

/** As the audit log has it; nothing for who may not read that. */
const ChangedBy = ({ action, targetId }: { targetId: string; action: string | null }) => {
  const text = useText()
  const { data } = useCall("admin.audit_search", {
    staff_id: null,
    action,
    target_type: null,
    target_id: targetId,
    before: null,
    limit: 1
  })
  const last = data?.entries[0]
  if (last === undefined) return null
  return (
    <Text size="sm">
      {text.stale.by} <StaffName id={last.staff_id} />, <Instant at={last.at} />
    </Text>
  )
}

const Table = ({ mine, seen, theirs }: Readonly<Record<"mine" | "seen" | "theirs", Fields>>) => {
  const text = useText()
  const names = Object.keys(mine).filter((name) =>
    name !== "version" && (seen[name] !== theirs[name] || seen[name] !== mine[name])
  )
  return (
    <table className="rows" aria-label={text.stale.title}>
      <thead>
        <tr>
          <th scope="col">{text.column.what}</th>
          <th scope="col">{text.stale.was}</th>
          <th scope="col">{text.stale.theirs}</th>
          <th scope="col">{text.stale.yours}</th>
        </tr>
      </thead>
      <tbody>
        {names.map((name) => (
          <tr key={name}>
            <td>{words(name)}</td>
            <td>{String(seen[name])}</td>
            <td>
              <b>{String(theirs[name])}</b>
            </td>
            <td>{String(mine[name])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** `targetId` is what the audit log calls it; `action`, where other changes of it do not count. */
export function Difference<A>({ action, draft, fieldsOf, targetId }: {
  draft: Draft<A>
  fieldsOf: (value: A) => Fields
  targetId: string
  action?: string
}) {
  const text = useText()
  if (draft.theirs === null) return null
  return (
    <Alert color="yellow" variant="light" role="alert" title={text.stale.title}>
      <ChangedBy action={action ?? null} targetId={targetId} />
      <Table mine={fieldsOf(draft.mine)} seen={fieldsOf(draft.seen)} theirs={fieldsOf(draft.theirs)} />
      <Group justify="flex-end" mt="sm">
        <Button size="xs" variant="default" onClick={draft.take}>{text.stale.take_theirs}</Button>
        <Button size="xs" color="orange" loading={draft.isBusy} onClick={draft.keep}>
          {text.stale.keep_mine}
        </Button>
      </Group>
    </Alert>
  )
}
