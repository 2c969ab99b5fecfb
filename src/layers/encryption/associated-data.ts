// Where a private text belongs. The place is part of what seals it, so a sealed text that is copied to
// another row, or to the other side's goodbye, does not open there.
import type { Side } from "../../domain/session/state.ts"

export const messageAssociatedData = (sessionId: string, seq: number): string => `message/${sessionId}/${seq}`

export const eventAssociatedData = (sessionId: string, seq: number): string => `event/${sessionId}/${seq}`

export const goodbyeAssociatedData = (sessionId: string, side: Side): string => `goodbye/${sessionId}/${side}`

/** Sealed to its case: nothing of one case opens in another. */
export const caseAssociatedData = (caseId: string, part: "words" | "evidence"): string =>
  `case/${caseId}/${part}`

export const phoneTables = ["customers", "mitras", "one_time_codes", "test_numbers"] as const
export type PhoneTable = (typeof phoneTables)[number]

/** `id` is the row's. */
export const phoneAssociatedData = (table: PhoneTable, id: string): string => `phone/${table}/${id}`

export const secondFactorAssociatedData = (staffId: string): string => `second factor/${staffId}`

export const keyProofAssociatedData = (keyId: string): string => `key/${keyId}`
