// The small schemas every call is made of, with their limits. Instants on the wire are ISO 8601 UTC
// strings with milliseconds; ids are UUIDs; client-made ids are 8 to 64 url-safe characters.
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"

export const Id = Schema.String.check(Schema.isUUID())
/** Made by the client, unique per action; repeating it repeats the first outcome. */
export const ClientId = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{8,64}$/))
export const Instant = Schema.String
export const Seq = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
export const PageLimit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))
export const shortText = (maximum: number) =>
  Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(maximum))

/** Epoch milliseconds to the wire's instant. */
export const instant = (ms: number): string => DateTime.formatIso(DateTime.makeUnsafe(ms))
export const instantOrNull = (ms: number | null): string | null => ms === null ? null : instant(ms)
