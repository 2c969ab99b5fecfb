// The client's types, for the tests that use it as any phone would.
export class Refused extends Error {
  readonly code: string
  readonly details: Record<string, unknown>
}
export class ConnectionLost extends Error {}
export interface LogEntry {
  // The wire's JSON as it came; tests look at it the way an app without types would.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly event: any
  readonly arrivedAt: number
}
export const sleep: (ms: number) => Promise<void>
export const reconnectDelayMs: (
  closed: { readonly code: number; readonly reason: string },
  attempt: number
) => number | null
export class Phone {
  constructor(url: string, headers?: Readonly<Record<string, string>>)
  readonly log: ReadonlyArray<LogEntry>
  readonly lastSeq: Map<string, number>
  readonly doubled: number
  readonly skipped: number
  readonly closed: { readonly code: number; readonly reason: string } | null
  connect(accessToken?: string | null): Promise<void>
  // oxlint-disable-next-line typescript/no-explicit-any
  authenticate(accessToken: string): Promise<any>
  // oxlint-disable-next-line typescript/no-explicit-any
  call(tag: string, payload: unknown): Promise<any>
  // oxlint-disable-next-line typescript/no-explicit-any
  subscribe(): Promise<any>
  // oxlint-disable-next-line typescript/no-explicit-any
  resume(accessToken: string): Promise<any>
  // oxlint-disable-next-line typescript/no-explicit-any
  event(what: string, matches: (event: any) => boolean, timeoutMs?: number): Promise<LogEntry>
  keepBeating(everySeconds: number): void
  stopReading(): void
  cut(): void
  hangUp(): void
}
