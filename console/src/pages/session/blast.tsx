// The blast's post-mortem: each mitra who was asked, when and in which wave, how fast she answered, who
// won, and by how much everybody else lost.
import { Badge, Text } from "@mantine/core"
import { lengthOf, words } from "../../format.ts"
import { Card, Empty } from "../../parts/page.tsx"
import { MitraLink } from "../../parts/person.tsx"
import { type Column, Rows } from "../../parts/rows.tsx"
import { Status } from "../../parts/status.tsx"
import { Instant } from "../../parts/time.tsx"
import { useText } from "../../text/catalogue.ts"
import type { Inspection } from "./session.tsx"

type Offer = Inspection["offers"][number]

const ms = (instant: string): number => Date.parse(instant)

/** How long after the winner somebody answered; who did not answer lost by nothing we know. */
const lostBy = (offer: Offer, winner: Offer | undefined): string => {
  if (offer.responded_at === null || winner?.responded_at == null || offer === winner) return "–"
  const by = ms(offer.responded_at) - ms(winner.responded_at)
  return by < 0 || offer.status === "declined" ? "–" : `${by} ms`
}

export const Blast = ({ offers }: { offers: ReadonlyArray<Offer> }) => {
  const text = useText()
  const winner = offers.find((offer) => offer.status === "accepted")
  const columns: ReadonlyArray<Column<Offer>> = [
    { head: text.column.mitra, cell: (row) => <MitraLink id={row.mitra_id} name={row.mitra_name} /> },
    {
      head: text.column.state,
      cell: (row) =>
        row === winner
          ? <Badge color="green" variant="filled" autoContrast tt="none">{text.session.won}</Badge>
          : (
            <>
              <Status of={row.status} />{" "}
              <Text span size="xs" c="dimmed">{row.ending === null ? "" : words(row.ending)}</Text>
            </>
          )
    },
    { head: text.column.wave, cell: (row) => row.wave, isRight: true },
    { head: text.column.sent, cell: (row) => <Instant at={row.sent_at} /> },
    { head: text.column.answered, cell: (row) => <Instant at={row.responded_at} /> },
    {
      head: text.column.took,
      cell: (row) => row.responded_at === null ? "–" : lengthOf(ms(row.responded_at) - ms(row.sent_at)),
      isRight: true
    },
    { head: text.column.lost_by, cell: (row) => lostBy(row, winner), isRight: true }
  ]
  return (
    <Card pad={false} title={`${text.session.blast} (${offers.length})`}>
      {offers.length === 0
        ? <Empty>{text.session.nobody_asked}</Empty>
        : (
          <Rows
            label={text.session.blast}
            columns={columns}
            rows={offers}
            keyOf={(row) => row.mitra_id}
            height={320}
          />
        )}
    </Card>
  )
}
