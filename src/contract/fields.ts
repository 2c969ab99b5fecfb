// The small schemas every call is made of, with their limits. Instants on the wire are ISO 8601 UTC
// strings with milliseconds; ids are UUIDs; client-made ids are 8 to 64 url-safe characters.
import * as Schema from "effect/Schema"

/** Lower case only: one session must have one spelling, because its id names its actor. */
export const Id = Schema.String.check(Schema.isUUID(), Schema.isLowercased())
/** Made by the client, unique per action; repeating it repeats the first outcome. */
export const ClientId = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{8,64}$/))
export const Instant = Schema.String
export const Seq = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
export const PageLimit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))
/** What Postgres can store as text and jsonb: no NUL, no half of a surrogate pair. */
export const storable = Schema.isPattern(/^[^\0\p{Surrogate}]*$/u, {
  expected: "text without NUL and without broken surrogate pairs"
})
const storableCharacters = "[^\\0\\p{Surrogate}]"

/** Counted in code points, as everywhere. */
export const shortText = (maximum: number) =>
  Schema.String.check(Schema.isPattern(new RegExp(`^${storableCharacters}{1,${maximum}}$`, "u"), {
    expected: `1 to ${maximum} characters without NUL and without broken surrogate pairs`
  }))

/** Epoch milliseconds to the wire's instant. */
export const instant = (ms: number): string => new Date(ms).toISOString()
export const instantOrNull = (ms: number | null): string | null => ms === null ? null : instant(ms)
