// The blast's post-mortem: each mitra who was asked, in which wave, when her app showed it, how fast she
// answered, who won, and by how many milliseconds everybody else lost.
import { Badge, Text } from "@mantine/core"
import { lengthOf, number } from "../../format.ts"
import { Card, Empty } from "../../parts/page.tsx"
import { MitraLink } from "../../parts/person.tsx"
import { type Column, Rows } from "../../parts/rows.tsx"
import { Status } from "../../parts/status.tsx"
import { Instant } from "../../parts/time.tsx"
import { useWords } from "../../parts/words.ts"
import { useText } from "../../text/catalogue.ts"
import type { Inspection } from "./session.tsx"

type Offer = Inspection["offers"][number]

const ms = (instant: string): number => Date.parse(instant)

/** An accept that came too late is an answer, too. */
const answeredAt = (offer: Offer): string | null => offer.responded_at ?? offer.late_accept_at

const after = (from: string, to: string | null): string => to === null ? "–" : lengthOf(ms(to) - ms(from))

/** The winner first, then who lost by least, then who answered otherwise, then who did not. */
const placeOf = (offer: Offer): number =>
  offer.status === "accepted"
    ? -1
    : offer.lost_by_ms ?? (answeredAt(offer) === null ? 2e12 : 1e12)

const State = ({ offer }: { offer: Offer }) => {
  const text = useText()
  const words = useWords()
  if (offer.status === "accepted") {
    return <Badge color="green" variant="filled" tt="none">{text.session.won}</Badge>
  }
  return (
    <>
      <Status of={offer.status} />{" "}
      <Text span size="xs" c="dimmed">{offer.ending === null ? "" : words(offer.ending)}</Text>
    </>
  )
}

export const Blast = ({ offers }: { offers: ReadonlyArray<Offer> }) => {
  const text = useText()
  const columns: ReadonlyArray<Column<Offer>> = [
    { head: text.column.mitra, cell: (row) => <MitraLink id={row.mitra_id} name={row.mitra_name} /> },
    { head: text.column.state, cell: (row) => <State offer={row} /> },
    { head: text.column.wave, cell: (row) => row.wave, isRight: true },
    { head: text.column.sent, cell: (row) => <Instant at={row.sent_at} /> },
    { head: text.column.seen, cell: (row) => after(row.sent_at, row.seen_at), isRight: true },
    { head: text.column.answered, cell: (row) => after(row.sent_at, answeredAt(row)), isRight: true },
    {
      head: text.column.lost_by,
      cell: (row) => row.lost_by_ms === null ? "–" : <b>{number(row.lost_by_ms)} ms</b>,
      isRight: true
    }
  ]
  const counts = [
    `${text.session.asked} ${offers.length}`,
    `${text.session.seen} ${offers.filter((offer) => offer.seen_at !== null).length}`,
    `${text.session.answered} ${offers.filter((offer) => answeredAt(offer) !== null).length}`
  ]
  return (
    <Card
      pad={false}
      title={text.session.blast}
      aside={<Text size="sm" c="dimmed">{counts.join(" · ")}</Text>}
    >
      {offers.length === 0
        ? <Empty>{text.session.nobody_asked}</Empty>
        : (
          <Rows
            label={text.session.blast}
            columns={columns}
            rows={offers.toSorted((a, b) => placeOf(a) - placeOf(b))}
            keyOf={(row) => row.mitra_id}
            height={320}
          />
        )}
    </Card>
  )
}
