// Every store port on Postgres, as production has them, and what the suites write beside them. Whoever uses
// them gives the database, the cipher and the chance.
import * as Layer from "effect/Layer"
import { stores } from "../../src/platform.ts"
import * as Written from "../../testkit/conformance/written.ts"

export const onPostgres = Layer.merge(stores, Written.layerPostgres)
