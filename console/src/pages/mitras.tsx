// The mitras: found by a part of the name, an id or a whole phone; their three facts, slots and offers.
import { Badge, SegmentedControl, TextInput } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { useState } from "react"
import type { MitraLineView } from "../../../src/contract/staff/console.ts"
import { call } from "../connection/sign-in.ts"
import { Confirm } from "../parts/confirm.tsx"
import { Card, Empty, Failed, Page, Waiting } from "../parts/page.tsx"
import { More, usePages } from "../parts/pages.tsx"
import { May } from "../parts/permitted.tsx"
import { type Column, Rows } from "../parts/rows.tsx"
import { Presence } from "../parts/status.tsx"
import { Since } from "../parts/time.tsx"
import { useText } from "../text/catalogue.ts"
import { MitraFields } from "./mitra-fields.tsx"

const filters = ["all", "online", "draining", "offline", "inactive"] as const
type Filter = (typeof filters)[number]

const Create = ({ onDone }: { onDone: () => void }) => {
  const text = useText()
  const [name, setName] = useState("")
  const [phone, setPhone] = useState("+62")
  return (
    <Confirm
      label={text.mitra.create}
      what={text.mitra.create_what}
      onDone={onDone}
      isReady={name.trim() !== "" && phone.length > 6}
      run={() => call("admin.mitra_create", { display_name: name, phone: phone.trim() })}
    >
      <MitraFields name={name} onName={setName} phone={phone} onPhone={setPhone} />
    </Confirm>
  )
}

const Slots = ({ row }: { row: MitraLineView }) => (
  <div style={{ display: "flex", alignItems: "center", gap: 8 }}>
    <div className="bar" style={{ width: 60 }}>
      <span style={{ width: `${Math.min(1, row.sessions / row.slots) * 100}%` }} />
    </div>
    <span className="tabular">{row.sessions} / {row.slots}</span>
  </div>
)

const MitrasPage = () => {
  const text = useText()
  const [search, setSearch] = useState("")
  const [filter, setFilter] = useState<Filter>("all")
  const [sought] = useDebouncedValue(search.trim(), 250)
  const { items, more, next, problem, reload } = usePages(`${filter} ${sought}`, async (after) => {
    const page = await call("admin.mitras", {
      search: sought === "" ? null : sought,
      filter,
      after,
      limit: 50
    })
    return { items: page.mitras, next: page.next }
  })
  const columns: ReadonlyArray<Column<MitraLineView>> = [
    {
      head: text.column.name,
      cell: (row) => (
        <>
          {row.display_name} {row.is_active
            ? null
            : <Badge size="xs" color="red" variant="light" tt="none">{text.mitra.inactive}</Badge>}{" "}
          {row.is_draining
            ? <Badge size="xs" color="orange" variant="light" tt="none">{text.mitra.draining}</Badge>
            : null}
        </>
      )
    },
    {
      head: text.column.presence,
      cell: (row) => <Presence connected={row.connected} declared={row.is_online} push={row.push_reachable} />
    },
    { head: text.column.slots, cell: (row) => <Slots row={row} />, width: 150 },
    { head: text.column.offers, cell: (row) => row.open_offers, isRight: true, width: 90 },
    { head: text.column.since, cell: (row) => <Since at={row.online_since} />, width: 120 },
    { head: text.mitra.heartbeat, cell: (row) => <Since at={row.last_heartbeat_at} />, width: 120 }
  ]
  return (
    <Page
      title={text.nav.mitras}
      actions={
        <May write="mitras">
          <Create onDone={reload} />
        </May>
      }
    >
      <TextInput
        placeholder={text.mitra.find}
        aria-label={text.mitra.find}
        value={search}
        maw={420}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      <div className="sideways">
        <SegmentedControl
          data={filters.map((value) => ({ value, label: text.mitra.filter[value] }))}
          aria-label={text.column.state}
          value={filter}
          w="fit-content"
          onChange={(value) => setFilter(value as Filter)}
        />
      </div>
      <Failed problem={problem} />
      <Card pad={false}>
        {items === null
          ? <Waiting />
          : items.length === 0
          ? <Empty>{text.nothing}</Empty>
          : (
            <Rows
              label={text.nav.mitras}
              columns={columns}
              rows={items}
              keyOf={(row) => row.mitra_id}
              linkOf={(row) => ["mitras", row.mitra_id]}
              height={640}
            />
          )}
        <More next={next} more={more} />
      </Card>
    </Page>
  )
}

export default MitrasPage
