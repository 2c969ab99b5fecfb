// The first session's discount. Changed from the version somebody saw, like every price.
import { Button, Group, NumberInput, Select, Switch } from "@mantine/core"
import type { AnswerOf, PayloadOf } from "../../connection/line.ts"
import { call } from "../../connection/sign-in.ts"
import { useDraft } from "../../connection/use-draft.ts"
import { Difference } from "../../parts/difference.tsx"
import { Card, Failed } from "../../parts/page.tsx"
import { May, useMay } from "../../parts/permitted.tsx"
import { useText } from "../../text/catalogue.ts"

type Stored = AnswerOf<"admin.pricing">["first_session_discount"]
type Rule = PayloadOf<"admin.discount_put">

const ruleOf = (stored: Stored): Rule =>
  stored === null
    ? { kind: "percent", value: 10, is_active: false, version: 0 }
    : { kind: stored.kind, value: stored.value, is_active: stored.is_active, version: stored.version }

export const Discount = ({ discount, onSaved }: { discount: Stored; onSaved: () => void }) => {
  const text = useText()
  const mayWrite = useMay("write", "payments")
  const draft = useDraft<Rule>(ruleOf(discount), {
    read: async () => ruleOf((await call("admin.pricing", {})).first_session_discount),
    write: async (mine, { version }) => ruleOf(await call("admin.discount_put", { ...mine, version })),
    onSaved
  })
  const { mine, type } = draft
  return (
    <Card title={text.payment.discount}>
      <Group align="flex-end" gap="sm" mb={draft.problem === null ? 0 : "sm"}>
        <Select
          label={text.payment.kind}
          data={[{ value: "percent", label: text.payment.percent }, {
            value: "amount",
            label: text.payment.amount
          }]}
          value={mine.kind}
          w={150}
          allowDeselect={false}
          disabled={!mayWrite}
          onChange={(chosen) => type({ ...mine, kind: chosen === "amount" ? "amount" : "percent" })}
        />
        <NumberInput
          label={mine.kind === "percent" ? "%" : "Rp"}
          value={mine.value}
          min={1}
          {...(mine.kind === "percent" ? { max: 99 } : {})}
          thousandSeparator="."
          decimalSeparator=","
          w={130}
          disabled={!mayWrite}
          onChange={(given) => type({ ...mine, value: Number(given) })}
        />
        <Switch
          label={text.on}
          checked={mine.is_active}
          disabled={!mayWrite}
          mb={8}
          onChange={(event) => type({ ...mine, is_active: event.currentTarget.checked })}
        />
        <May write="payments">
          <Button loading={draft.isBusy} disabled={!draft.isChanged} onClick={draft.save}>{text.save}</Button>
        </May>
      </Group>
      <Failed problem={draft.problem} />
      <Difference draft={draft} fieldsOf={(value) => ({ ...value })} targetId="first_session" />
    </Card>
  )
}
