// Somebody saved first: who it was, and each field as it was, as it is now, and as it is typed here. Either
// side may be taken; nothing is lost before somebody decides.
import { Alert, Button, Group, Text } from "@mantine/core"
import { useCall } from "../../connection/use-call.ts"
import { words } from "../../format.ts"
import { Instant } from "../../parts/time.tsx"
import { useText } from "../../text/catalogue.ts"
import { StaffName } from "../../parts/staff-name.tsx"

type Fields = Readonly<Record<string, unknown>>

const Changed = ({ subjectId }: { subjectId: string }) => {
  const text = useText()
  const { data } = useCall("admin.pricing_history", { before: null, limit: 50 })
  const last = data?.changes.find((change) => change.subject_id === subjectId)
  if (last === undefined) return null
  return (
    <Text size="sm">
      {text.payment.stale_by} <StaffName id={last.staff_id} />, <Instant at={last.at} />
    </Text>
  )
}

export const Difference = ({ mine, onKeep, onTake, seen, subjectId, theirs }: {
  subjectId: string
  seen: Fields
  theirs: Fields
  mine: Fields
  onTake: () => void
  onKeep: () => void
}) => {
  const text = useText()
  const names = Object.keys(mine).filter((name) =>
    name !== "version" && (seen[name] !== theirs[name] || seen[name] !== mine[name])
  )
  return (
    <Alert color="yellow" variant="light" title={text.payment.stale}>
      <Changed subjectId={subjectId} />
      <table className="rows" aria-label={text.payment.stale}>
        <thead>
          <tr>
            <th scope="col">{text.column.what}</th>
            <th scope="col">{text.payment.was}</th>
            <th scope="col">{text.payment.theirs}</th>
            <th scope="col">{text.payment.yours}</th>
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
      <Group justify="flex-end" mt="sm">
        <Button size="xs" variant="default" onClick={onTake}>{text.payment.take_theirs}</Button>
        <Button size="xs" color="orange" onClick={onKeep}>{text.payment.keep_mine}</Button>
      </Group>
    </Alert>
  )
}
