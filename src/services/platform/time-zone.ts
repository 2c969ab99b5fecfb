// The zone in which the product's days begin: what is counted by the day is counted by this one.
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"

export const TimeZone = Context.Reference<string>("halobestie/services/TimeZone", {
  defaultValue: () => "UTC"
})

/** The day of `now` (epoch ms) in `zone`, as 2026-01-31. */
export const dayIn = (zone: string, now: number): string =>
  DateTime.formatIsoDate(DateTime.setZoneNamedUnsafe(DateTime.makeUnsafe(now), zone))
