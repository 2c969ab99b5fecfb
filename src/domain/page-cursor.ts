// The cursor of a page that goes by time: `<epoch ms>_<id>` of the last one seen. It has been in a client's
// hands, so it may be anything.
import { uuidPattern } from "./uuid.ts"

export interface PageCursor {
  readonly at: number
  readonly id: string
}

// The last millisecond that an ISO year of four digits can name; nothing real is later.
const latest = 253_402_300_799_999
const shape = new RegExp(`^([0-9]{1,15})_(${uuidPattern})$`)

export const cursorText = (at: number | null, id: string): string => `${at}_${id}`

/** Null when it is no cursor of ours. */
export const cursorOf = (text: string): PageCursor | null => {
  const [, at, id] = shape.exec(text) ?? []
  return at === undefined || id === undefined ? null : { at: Math.min(Number(at), latest), id }
}
