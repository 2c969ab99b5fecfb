// The cursor of a page of past sessions: `<ended_at ms>_<id>` of the last one seen. It has been in a
// client's hands, so it may be anything.
export interface PastCursor {
  readonly ended_at: number
  readonly id: string
}

const shape = /^([0-9]{1,15})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/
// The last millisecond that an ISO year of four digits can name; nothing real ends later.
const latest = 253_402_300_799_999

/** Null when it is no cursor of ours. */
export const pastCursorOf = (text: string): PastCursor | null => {
  const [, endedAt, id] = shape.exec(text) ?? []
  if (endedAt === undefined || id === undefined) return null
  return { ended_at: Math.min(Number(endedAt), latest), id }
}
