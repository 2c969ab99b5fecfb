// Prices: the tiers and the first session's discount. A change is made from the version somebody saw; when it
// was changed meanwhile, who did so and the difference are shown, and nothing typed is lost.
import {
  Badge,
  Button,
  Group,
  Modal,
  NumberInput,
  Select,
  Stack,
  Switch,
  Text,
  TextInput
} from "@mantine/core"
import { useState } from "react"
import type { AnswerOf, PayloadOf } from "../../connection/line.ts"
import { call } from "../../connection/sign-in.ts"
import { useAction, useCall } from "../../connection/use-call.ts"
import { lengthOf, money } from "../../format.ts"
import { Card, Failed, Waiting } from "../../parts/page.tsx"
import { May, useMay } from "../../parts/permitted.tsx"
import { type Column, Rows } from "../../parts/rows.tsx"
import { useText } from "../../text/catalogue.ts"
import { Difference } from "./difference.tsx"

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
        label={`${text.payment.off_sale} / on`}
        checked={draft.is_active}
        onChange={(event) => onDraft({ ...draft, is_active: event.currentTarget.checked })}
      />
    </>
  )
}

/** From the version that was opened; after a conflict, from the one that is there now. */
const Edit = ({ onClose, onSaved, tier }: { tier: Tier; onClose: () => void; onSaved: () => void }) => {
  const text = useText()
  const [seen, setSeen] = useState<Draft>(draftOf(tier))
  const [draft, setDraft] = useState<Draft>(draftOf(tier))
  const [theirs, setTheirs] = useState<Tier | null>(null)
  const save = useAction(async (from: number) => {
    try {
      return await call("admin.tier_put", { ...draft, version: from })
    } catch (error) {
      const pricing = (error as { code?: string }).code === "STALE_WRITE"
        ? await call("admin.pricing", {})
        : null
      setTheirs(pricing?.tiers.find((one) => one.tier_id === tier.tier_id) ?? null)
      throw error
    }
  }, () => {
    onSaved()
    onClose()
  })
  const take = () => {
    if (theirs === null) return
    setSeen(draftOf(theirs))
    setDraft(draftOf(theirs))
    setTheirs(null)
    save.clear()
  }
  return (
    <Stack gap="sm">
      <Fields draft={draft} onDraft={setDraft} />
      <Failed problem={save.problem} />
      {theirs === null
        ? (
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{text.cancel}</Button>
            <Button loading={save.isBusy} onClick={() => void save.press(seen.version)}>{text.save}</Button>
          </Group>
        )
        : (
          <Difference
            subjectId={tier.tier_id}
            seen={seen}
            mine={draft}
            theirs={draftOf(theirs)}
            onTake={take}
            onKeep={() => void save.press(theirs.version)}
          />
        )}
    </Stack>
  )
}

const Discount = (
  { discount, onSaved }: { discount: Pricing["first_session_discount"]; onSaved: () => void }
) => {
  const text = useText()
  const mayWrite = useMay("write", "payments")
  const [kind, setKind] = useState<"percent" | "amount">(discount?.kind ?? "percent")
  const [value, setValue] = useState(discount?.value ?? 10)
  const [isActive, setActive] = useState(discount?.is_active ?? false)
  const { isBusy, press, problem } = useAction(
    () => call("admin.discount_put", { kind, value, is_active: isActive, version: discount?.version ?? 0 }),
    onSaved
  )
  return (
    <Card title={text.payment.discount}>
      <Group align="flex-end" gap="sm">
        <Select
          label={text.column.what}
          data={["percent", "amount"]}
          value={kind}
          w={130}
          allowDeselect={false}
          disabled={!mayWrite}
          onChange={(chosen) => setKind(chosen === "amount" ? "amount" : "percent")}
        />
        <NumberInput
          label={kind === "percent" ? "%" : "Rp"}
          value={value}
          min={1}
          w={130}
          disabled={!mayWrite}
          onChange={(given) => setValue(Number(given))}
        />
        <Switch
          label="on"
          checked={isActive}
          disabled={!mayWrite}
          mb={8}
          onChange={(event) => setActive(event.currentTarget.checked)}
        />
        <May write="payments">
          <Button loading={isBusy} onClick={() => void press()}>{text.save}</Button>
        </May>
      </Group>
      <Failed problem={problem} />
    </Card>
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
          {row.is_active ? "on sale" : text.payment.off_sale}
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
        key={data.first_session_discount?.version ?? 0}
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
