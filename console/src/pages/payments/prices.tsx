// Prices: the tiers, and beside them the first session's discount. A change is made from the version somebody
// saw; when it was changed meanwhile, who did so and the difference are shown, and nothing typed is lost.
import { Badge, Button, Group, Modal, NumberInput, Stack, Switch, Text, TextInput } from "@mantine/core"
import { useState } from "react"
import type { AnswerOf, PayloadOf } from "../../connection/line.ts"
import { call } from "../../connection/sign-in.ts"
import { useCall } from "../../connection/use-call.ts"
import { useDraft } from "../../connection/use-draft.ts"
import { lengthOf, money } from "../../format.ts"
import { Card, Failed, Waiting } from "../../parts/page.tsx"
import { useMay } from "../../parts/permitted.tsx"
import { type Column, Rows } from "../../parts/rows.tsx"
import { useText } from "../../text/catalogue.ts"
import { Difference } from "../../parts/difference.tsx"
import { Discount } from "./discount.tsx"

type Pricing = AnswerOf<"admin.pricing">
type Tier = Pricing["tiers"][number]
type Draft = PayloadOf<"admin.tier_put">

const draftOf = ({ updated_at: _at, ...tier }: Tier): Draft => tier

const Fields = ({ draft, onDraft }: { draft: Draft; onDraft: (draft: Draft) => void }) => {
  const text = useText()
  return (
    <>
      <TextInput
        label={text.column.name}
        value={draft.label}
        maxLength={60}
        onChange={(event) => onDraft({ ...draft, label: event.currentTarget.value })}
      />
      <NumberInput
        label={`${text.column.price} (Rp)`}
        value={draft.price_idr}
        min={1}
        thousandSeparator="."
        decimalSeparator=","
        onChange={(value) => onDraft({ ...draft, price_idr: Number(value) })}
      />
      <NumberInput
        label={`${text.column.minutes} (s)`}
        value={draft.duration_seconds}
        min={1}
        max={86_400}
        onChange={(value) => onDraft({ ...draft, duration_seconds: Number(value) })}
      />
      <Switch
        label={text.payment.on_sale}
        checked={draft.is_active}
        onChange={(event) => onDraft({ ...draft, is_active: event.currentTarget.checked })}
      />
    </>
  )
}

const readTier = async (id: string): Promise<Draft | null> => {
  const tier = (await call("admin.pricing", {})).tiers.find((one) => one.tier_id === id)
  return tier === undefined ? null : draftOf(tier)
}

/** From the version that was opened; after a conflict, from the one that is there now. */
const Edit = ({ onClose, onSaved, tier }: { tier: Tier; onClose: () => void; onSaved: () => void }) => {
  const text = useText()
  const draft = useDraft<Draft>(draftOf(tier), {
    read: () => readTier(tier.tier_id),
    write: async (mine, { version }) => draftOf(await call("admin.tier_put", { ...mine, version })),
    onSaved: () => {
      onSaved()
      onClose()
    }
  })
  return (
    <Stack gap="sm">
      <Fields draft={draft.mine} onDraft={draft.type} />
      <Failed problem={draft.problem} />
      <Difference draft={draft} fieldsOf={(value) => ({ ...value })} targetId={tier.tier_id} />
      {draft.theirs === null
        ? (
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{text.cancel}</Button>
            <Button loading={draft.isBusy} onClick={draft.save}>{text.save}</Button>
          </Group>
        )
        : null}
    </Stack>
  )
}

export const Prices = () => {
  const text = useText()
  const [edited, setEdited] = useState<Tier | null>(null)
  const mayWrite = useMay("write", "payments")
  const { data, problem, reload } = useCall("admin.pricing", {})
  const columns: ReadonlyArray<Column<Tier>> = [
    { head: text.payment.tier, cell: (row) => row.label },
    { head: text.column.minutes, cell: (row) => lengthOf(row.duration_seconds * 1000) },
    { head: text.column.price, cell: (row) => money(row.price_idr), isRight: true },
    {
      head: text.column.state,
      cell: (row) => (
        <Badge variant="light" color={row.is_active ? "green" : "gray"} tt="none">
          {row.is_active ? text.payment.on_sale : text.payment.off_sale}
        </Badge>
      )
    },
    { head: text.column.version, cell: (row) => row.version, isRight: true },
    ...(mayWrite
      ? [{
        head: text.column.actions,
        cell: (row: Tier) => (
          <Button
            size="xs"
            variant="light"
            onClick={() => setEdited(row)}
            aria-label={`${text.payment.edit} ${row.label}`}
          >
            {text.payment.edit}
          </Button>
        )
      }]
      : [])
  ]
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  return (
    <Stack gap="md">
      <Card pad={false}>
        <Rows label={text.payment.prices} columns={columns} rows={data.tiers} keyOf={(row) => row.tier_id} />
      </Card>
      <Discount
        discount={data.first_session_discount}
        onSaved={reload}
      />
      <Modal
        opened={edited !== null}
        onClose={() => setEdited(null)}
        centered
        title={<Text fw={600}>{text.payment.edit} {edited?.label ?? ""}</Text>}
        closeButtonProps={{ "aria-label": text.close }}
      >
        {edited === null ? null : <Edit tier={edited} onClose={() => setEdited(null)} onSaved={reload} />}
      </Modal>
    </Stack>
  )
}
