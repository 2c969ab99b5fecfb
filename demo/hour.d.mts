// The types of hour.mjs, for the test that runs it.
export interface Seen {
  readonly events: ReadonlyArray<{ readonly at: string; readonly what: string }>
  readonly ticks: number
}
export interface Hour {
  readonly started_at: string
  readonly virtual_ms: number
  readonly real_ms: number
  readonly sari: Seen
  readonly ayu: Seen
  readonly ledger: { readonly purchased_ms: number }
}
export const runHour: (options: {
  readonly url: string
  readonly webhookUrl: string
  readonly webhookToken: string
  readonly otpCode: string
  readonly internalUrl: string
  readonly account: { readonly email: string; readonly password: string }
}) => Promise<Hour>
