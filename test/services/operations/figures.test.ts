// The figures: what Prometheus reads, and that no label can make it grow for ever.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { PrometheusMetrics } from "effect/observability"
import {
  count,
  figures,
  observe,
  seriesOfFigure,
  set,
  valueOf
} from "../../../src/services/operations/figures.ts"

describe("figures", () => {
  it.effect("appear in Prometheus' text with their help, their labels and our prefix", () =>
    Effect.gen(function*() {
      count("webhooks_total", ["a provider of this test", "200"])
      set("push_dead_letters", 7)
      observe("offer_to_screen_ms", 40)
      const text = yield* PrometheusMetrics.format({ prefix: "halobestie" })
      assert.include(text, `halobestie_webhooks_total{provider="a provider of this test",status="200"} 1`)
      assert.include(text, "# HELP halobestie_push_dead_letters Pushes that wait for staff")
      assert.include(text, `halobestie_offer_to_screen_ms_bucket{le="50"}`)
    }))

  it("keep a bounded number of series, whatever their labels say", () => {
    for (let stranger = 0; stranger < 1_000; stranger++) {
      count("calls_total", [`unknown.${stranger}`, "success"])
    }
    assert.isAtMost(seriesOfFigure("calls_total").length, 201)
    assert.isAtLeast(valueOf("calls_total", ["other", "other"]), 700)
  })

  it("say what they mean, once each, in at most two labels", () => {
    const helps = Object.values(figures).map(({ help }) => help)
    assert.lengthOf(new Set(helps), helps.length)
    for (const { labels } of Object.values(figures)) assert.isAtMost(labels.length, 2)
  })
})
