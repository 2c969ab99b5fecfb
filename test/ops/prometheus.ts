// What the operators' files say, read by the tests: the alerts' names and the metrics that files ask for.
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { figures } from "../../src/services/operations/figures.ts"

export const root = fileURLToPath(new URL("../..", import.meta.url))
export const read = (path: string): string => readFileSync(`${root}/${path}`, "utf8")

export const alertNames = (): ReadonlyArray<string> =>
  [...read("ops/prometheus/alerts.yaml").matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name)

/** Counted beside the table: by the journal, the mirror and the cluster itself. */
const elsewhere = [
  "journal_group_turns",
  "journal_turn_wait_ms",
  "mirror_fallbacks_total",
  "mirror_drift_total",
  "effect_cluster_entities",
  "effect_cluster_shards"
]

export const knownFigures: ReadonlySet<string> = new Set([...Object.keys(figures), ...elsewhere])

export const figuresIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/halobestie_([a-z_]+)/g)].map(([, name = ""]) => name.replace(/_bucket$/, ""))
