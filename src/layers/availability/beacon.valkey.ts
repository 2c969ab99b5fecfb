// Beacon with the cluster's one snapshot in Valkey: the first runner that finds it missing claims the
// counting, the others wait for the result. The key is the mirror's; other tools read it: JSON that expires.
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Beacon, type BeaconSnapshot } from "../../services/availability/beacon.ts"
import { make, type SharedSnapshots, snapshotLifetimeMs } from "./beacon.ts"
import { Valkey } from "../platform/valkey/connection.ts"
import { keys } from "./mirror/keys.ts"

export const claimKey = `${keys.snapshot}:claim`
/** Longer than a count takes; a runner that dies while counting holds up the others no longer than this. */
const claimMs = 1_000

const Stored = Schema.fromJsonString(Schema.Struct({
  available: Schema.Boolean,
  count: Schema.Int,
  taken_at: Schema.String
}))
const decodeStored = Schema.decodeUnknownOption(Stored)

/** What cannot be read is no snapshot: a runner counts, and overwrites it with a good one. */
const snapshotOf = (text: unknown): BeaconSnapshot | null =>
  Option.match(decodeStored(text), {
    onNone: () => null,
    onSome: ({ taken_at, ...rest }) =>
      Option.match(DateTime.make(taken_at), {
        onNone: () => null,
        onSome: (at) => ({ ...rest, taken_at: DateTime.toEpochMillis(at) })
      })
  })

const sharedIn = (valkey: Valkey["Service"]): SharedSnapshots => ({
  read: Effect.map(valkey.call("GET", keys.snapshot), snapshotOf),
  claim: Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => Effect.map(valkey.call("SET", claimKey, now, "NX", "PX", claimMs), (answer) => answer === "OK")
  ),
  write: (snapshot) => {
    const taken_at = DateTime.formatIso(DateTime.makeUnsafe(snapshot.taken_at))
    const text = JSON.stringify({ ...snapshot, taken_at })
    return valkey.call("SET", keys.snapshot, text, "PX", snapshotLifetimeMs).pipe(
      Effect.andThen(valkey.call("DEL", claimKey)),
      Effect.asVoid
    )
  }
})

export const layer = Layer.effect(Beacon)(Effect.flatMap(Valkey, (valkey) => make(sharedIn(valkey))))
