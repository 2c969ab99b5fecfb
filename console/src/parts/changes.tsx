// What a change changed: only the fields that differ, before and after.
import { words } from "../format.ts"

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const shown = (value: unknown): string => value === undefined ? "–" : JSON.stringify(value)

const textOf = (before: unknown, after: unknown): string => {
  if (before === null && after === null) return ""
  if (!isFields(after) || (before !== null && !isFields(before))) {
    return before === null ? shown(after) : `${shown(before)} → ${shown(after)}`
  }
  const was: Fields = before ?? {}
  return Object.keys({ ...was, ...after })
    .filter((name) => JSON.stringify(was[name]) !== JSON.stringify(after[name]))
    .map((name) =>
      before === null
        ? `${words(name)} ${shown(after[name])}`
        : `${words(name)} ${shown(was[name])} → ${shown(after[name])}`
    )
    .join(", ")
}

export const Changes = ({ after, before }: { before: unknown; after: unknown }) => {
  const text = textOf(before, after)
  return <span title={text}>{text}</span>
}
