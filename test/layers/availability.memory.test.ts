// The Availability suite over the memory adapter.
import { it } from "@effect/vitest"
import * as Layer from "effect/Layer"
import * as Memory from "../../src/layers/availability.memory.ts"
import * as Tables from "../../src/layers/memory/tables.ts"
import { availabilitySuite } from "../conformance/availability.ts"
import { inMemory } from "../conformance/mitra-rows.ts"

availabilitySuite("memory", it.effect, Layer.provide(Layer.merge(Memory.layer, inMemory), Tables.layer))
