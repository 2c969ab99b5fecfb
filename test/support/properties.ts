// The seed of every property test. A run that decides whether work lands must not depend on luck, so it is
// fixed; PROPERTY_SEED=random (or a number) looks elsewhere, and a failure prints the seed it was found with.
import * as fc from "fast-check"

const asked = process.env["PROPERTY_SEED"] ?? "20261121"
const seed = asked === "random" ? Date.now() ^ (process.pid << 8) : Number(asked)
if (!Number.isInteger(seed)) {
  throw new Error(`PROPERTY_SEED must be a whole number or "random", but is "${asked}"`)
}

fc.configureGlobal({ seed: seed | 0 })
