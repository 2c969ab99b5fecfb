// The Bus suite over the memory adapter.
import { it } from "@effect/vitest"
import * as Memory from "../../../testkit/memory/bus.memory.ts"
import { busSuite } from "../../../testkit/conformance/bus.ts"

busSuite("memory", it.effect, Memory.layer)
