// What must hold of the rows after each round and at the end: the rules of the books, capacity, money that
// was paid, and memory of the runners. Each violation is told once.
import { isBalanced, type Ledger } from "../src/domain/ledger.ts"
import { alwaysRules, atEndRules } from "../test/system/book-rules.ts"
import type { Paid } from "./people/customer.ts"
import type { Site } from "./site.ts"

const memoryMaxBytes = 900 * 1024 * 1024

const capacity = {
  "nobody has more chats than she may": `
    SELECT mitra_id, count(*) FROM chat_sessions WHERE status IN ('active', 'extending')
    GROUP BY mitra_id HAVING count(*) > 3`,
  "one winner": `
    SELECT session_id, count(*) FROM chat_request_notifications WHERE status = 'accepted'
    GROUP BY session_id HAVING count(*) > 1`
}

const told = new Set<string>()

const none = async (site: Site, rules: Readonly<Record<string, string>>): Promise<void> => {
  for (const [rule, text] of Object.entries(rules)) {
    for (const row of (await site.query(text)).slice(0, 5)) {
      const line = `${rule}: ${JSON.stringify(row)}`
      if (!told.has(line)) site.findings.violation(line)
      told.add(line)
    }
  }
}

export const checkRound = async (site: Site): Promise<void> => {
  await none(site, { ...alwaysRules, ...capacity })
  for (const runner of site.runners) {
    if (runner.memory > memoryMaxBytes) {
      site.findings.violation(`${runner.name} holds ${Math.round(runner.memory / 1024 / 1024)} MiB`)
    }
  }
}

const endings = new Set(["consumed", "failed_pairing", "abandoned"])

/** Every payment whose webhook was acknowledged has come to an end, for what was paid. */
const checkPaid = async (site: Site, paid: ReadonlyArray<Paid>): Promise<void> => {
  const rows = await site.query(`SELECT id, status, amount_idr, failure_cause FROM payment_requests`)
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const { amount_idr, payment_id } of paid) {
    const row = byId.get(payment_id)
    if (row === undefined || !endings.has(row.status) || row.amount_idr !== amount_idr) {
      site.findings.violation(`paid and not settled: ${payment_id} is ${JSON.stringify(row)}`)
    }
  }
}

export const checkEnd = async (site: Site, paid: ReadonlyArray<Paid>): Promise<void> => {
  await none(site, { ...alwaysRules, ...atEndRules, ...capacity })
  await checkPaid(site, paid)
  for (
    const { id, ledger } of await site.query(
      "SELECT id, ledger FROM chat_sessions WHERE status = 'completed'"
    )
  ) {
    if (!isBalanced(ledger as Ledger)) {
      site.findings.violation(`the ledger of ${id}: ${JSON.stringify(ledger)}`)
    }
  }
}

/** Every chat ends by itself; false when some have not. */
export const allIsOver = async (site: Site): Promise<boolean> =>
  (await site.query("SELECT 1 FROM chat_sessions WHERE ended_at IS NULL LIMIT 1")).length === 0
