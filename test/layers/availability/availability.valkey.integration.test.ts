// The Availability suite over a Valkey mirror with Postgres behind it.
import { it } from "@effect/vitest"
import * as Layer from "effect/Layer"
import { availabilitySuite } from "../../../testkit/conformance/availability.ts"
import { now } from "../../../testkit/conformance/availability-given.ts"
import { clockAt, freshMirrored, inMirror, quiet } from "../mirrored.ts"
import { freshDatabase } from "../../support/postgres.ts"

// Built three minutes before the questions: a mitra silent since then is silent, not unknown.
availabilitySuite(
  "Valkey",
  it.live,
  inMirror.pipe(
    Layer.provideMerge(freshMirrored),
    Layer.provide(freshDatabase),
    Layer.provide(clockAt(now - 180_000)),
    Layer.provideMerge(quiet),
    Layer.orDie
  )
)
