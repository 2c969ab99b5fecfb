// The index page of a farm: a row for each seed with its world, hash and verdict, the red ones first and with
// a link to their own page. One file without a script.
import type { FarmResult } from "../farm/farm.ts"
import { replayCommand, type RunPlan } from "../run/plan.ts"
import { duration, type RunReport, verdictText } from "../run/report.ts"

export interface FarmPage {
  readonly plans: ReadonlyArray<RunPlan>
  readonly farmResult: FarmResult<RunPlan, RunReport>
  /** The page of a seed, by its seed; beside this one. */
  readonly pages: ReadonlyMap<string, string>
  readonly commit: string | null
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("\"", "&quot;")

const style = `
  :root { color-scheme: light dark; --line: #8884; --bad: #c62828; --good: #2e7d4f; }
  body { font: 14px/1.45 system-ui, sans-serif; margin: 24px; }
  table { border-collapse: collapse; width: 100%; } th { text-align: left; font-weight: 600; }
  td, th { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
  code { font: 12px ui-monospace, monospace; overflow-wrap: anywhere; }
  .red { color: var(--bad); font-weight: 600; } .sound { color: var(--good); }
  .never { color: var(--bad); } details { max-width: 60ch; }`

const nameOf = (path: string): string => path.split("/").at(-1) ?? path

const rowOf = (plan: RunPlan, { farmResult, pages }: FarmPage): string => {
  const report = farmResult.reports.find((each) => each.plan.seed === plan.seed)
  const crash = farmResult.crashes.find((each) => each.plan.seed === plan.seed)
  if (report === undefined && crash === undefined) return ""
  const isRed = crash !== undefined || report!.violations.length > 0
  const page = pages.get(plan.seed)
  const seed = escaped(plan.seed)
  const why = crash?.error ??
    report!.violations.map(({ invariant, text }) => `${invariant}: ${text}`).join("; ")
  const cells = [
    page === undefined ? seed : `<a href="${escaped(encodeURI(nameOf(page)))}#violation">${seed}</a>`,
    `<span class="${isRed ? "red" : "sound"}">${
      escaped(report === undefined ? "crash" : verdictText(report))
    }</span>${isRed ? `<br>${escaped(why.slice(0, 400))}` : ""}`,
    `<code>${report?.hash ?? ""}</code>`,
    escaped(
      `${plan.runners} runners${
        plan.valkey ? ", Valkey" : ""
      }, ${plan.mitras} mitras, ${plan.customers} customers`
    ),
    escaped(plan.faults.length === 0 ? "none" : plan.faults.join(", ")),
    report === undefined ? "" : escaped(`${report.counts["pairs"] ?? 0} chats, ${duration(report.span_ms)}`),
    `<details><summary>replay</summary><code>${escaped(replayCommand(plan))}</code></details>`
  ]
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`
}

const crossingsOf = ({ farmResult: { reports } }: FarmPage): string => {
  const counts = new Map<string, number>()
  for (const { coverage } of reports) {
    for (const [name, count] of Object.entries(coverage)) counts.set(name, (counts.get(name) ?? 0) + count)
  }
  return [...counts].toSorted(([, a], [, b]) => a - b).map(([name, count]) =>
    `<tr><td${count === 0 ? " class=\"never\"" : ""}>${escaped(name)}</td><td>${count}</td></tr>`
  ).join("\n")
}

export const farmPageOf = (page: FarmPage): string => {
  const { commit, farmResult, plans } = page
  const red = new Set([...farmResult.failures, ...farmResult.crashes].map(({ plan }) => plan.seed))
  const ordered = [
    ...plans.filter(({ seed }) => red.has(seed)),
    ...plans.filter(({ seed }) => !red.has(seed))
  ]
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Farm of ${plans.length} seeds</title><style>${style}</style></head>
<body>
<h1>${red.size === 0 ? "Sound" : `${red.size} of ${farmResult.reports.length} seeds are red`}</h1>
<p>${farmResult.reports.length} seeds run${
    commit === null ? "" : ` at commit <code>${escaped(commit)}</code>`
  }.</p>
<table><thead><tr><th>seed<th>verdict<th>hash<th>world<th>faults<th>business<th></tr></thead><tbody>
${ordered.map((plan) => rowOf(plan, page)).filter((row) => row !== "").join("\n")}
</tbody></table>
<h2>Rare crossings, the rarest first</h2>
<table><tbody>
${crossingsOf(page)}
</tbody></table>
</body></html>
`
}
