// The Bus suite over the memory adapter.
import { it } from "@effect/vitest"
import * as Memory from "../../src/layers/bus.memory.ts"
import { busSuite } from "../conformance/bus.ts"

busSuite("memory", it.effect, Memory.layer)
