// The Availability suite over the memory adapter.
import { it } from "@effect/vitest"
import * as Layer from "effect/Layer"
import * as Memory from "../../../testkit/memory/availability.memory.ts"
import * as Tables from "../../../testkit/memory/store/tables.ts"
import { availabilitySuite } from "../../../testkit/conformance/availability.ts"
import { inMemory } from "../../../testkit/conformance/mitra-rows.ts"

availabilitySuite("memory", it.effect, Layer.provide(Layer.merge(Memory.layer, inMemory), Tables.layer))
