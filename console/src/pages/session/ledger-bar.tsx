// The paid time as one bar: every second that was served, paused or forfeited, adding up to what was paid.
// What still runs grows by the product's time, and takes from what is left.
import { Badge, Group, Text } from "@mantine/core"
import { useProductNow } from "../../connection/live.ts"
import { lengthOf } from "../../format.ts"
import { Card } from "../../parts/page.tsx"
import { useWords } from "../../parts/words.ts"
import { useText } from "../../text/catalogue.ts"
import type { Inspection } from "./session.tsx"

type Ledger = Inspection["ledger"]

interface Piece {
  readonly key: string
  readonly kind: "served" | "forfeited" | "running"
  readonly ms: number
  readonly reason: string
}

const piecesOf = ({ entries, open, purchased_ms }: Ledger, now: number): ReadonlyArray<Piece> => {
  const charged = entries.filter((entry) => entry.charged_ms > 0).map((entry, index): Piece => ({
    key: `${index}`,
    kind: entry.state === "forfeited" ? "forfeited" : "served",
    ms: entry.charged_ms,
    reason: entry.reason
  }))
  if (open?.state !== "served") return charged
  const left = purchased_ms - charged.reduce((sum, piece) => sum + piece.ms, 0)
  const ran = Math.min(left, Math.max(0, now - Date.parse(open.from)))
  return [...charged, { key: "open", kind: "running", ms: ran, reason: open.reason }]
}

const pausedMs = ({ entries }: Ledger): number =>
  entries.filter((entry) => entry.state === "paused")
    .reduce((sum, entry) => sum + Date.parse(entry.to) - Date.parse(entry.from), 0)

const total = (pieces: ReadonlyArray<Piece>, kinds: ReadonlyArray<string>): number =>
  pieces.filter((piece) => kinds.includes(piece.kind)).reduce((sum, piece) => sum + piece.ms, 0)

const Key = ({ kind, label, ms }: { kind: string; label: string; ms: number }) => (
  <Text size="sm" component="span">
    <span className={`ledger-key ledger-${kind}`} />
    {label} {lengthOf(ms)}
  </Text>
)

export const LedgerBar = ({ ledger }: { ledger: Ledger }) => {
  const text = useText()
  const words = useWords()
  const now = useProductNow()
  const pieces = piecesOf(ledger, now)
  const served = total(pieces, ["served", "running"])
  const forfeited = total(pieces, ["forfeited"])
  const paused = pausedMs(ledger)
  // In whole seconds as they are shown, or what is left would not add up with what was served.
  const shown = (ms: number) => Math.floor(ms / 1000) * 1000
  return (
    <Card
      title={`${text.session.ledger}: ${lengthOf(ledger.purchased_ms)}`}
      aside={
        <Badge variant="light" tt="none" color={ledger.is_balanced ? "green" : "blue"}>
          {ledger.is_balanced ? text.session.balanced : text.session.open_ledger}
        </Badge>
      }
    >
      <div className="ledger" role="img" aria-label={`${text.session.served} ${lengthOf(served)}`}>
        {pieces.map((piece) => (
          <span
            key={piece.key}
            className={`ledger-${piece.kind}`}
            title={`${piece.kind}: ${words(piece.reason)}, ${lengthOf(piece.ms)}`}
            style={{ width: `${(piece.ms / ledger.purchased_ms) * 100}%` }}
          />
        ))}
      </div>
      <Group gap="lg" mt="xs">
        <Key kind="served" label={text.session.served} ms={shown(served)} />
        {forfeited > 0 ? <Key kind="forfeited" label={text.session.forfeited} ms={shown(forfeited)} /> : null}
        <Key
          kind="left"
          label={text.session.left}
          ms={ledger.purchased_ms - shown(served) - shown(forfeited)}
        />
        {paused > 0 ? <Text size="sm" c="dimmed">{text.session.paused} {lengthOf(paused)}</Text> : null}
      </Group>
    </Card>
  )
}
