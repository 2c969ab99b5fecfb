// Spans of traces, made only while somebody collects them: without an exporter an effect is returned as it
// is, because even a span that nobody reads costs an allocation per call.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** True where OTEL_EXPORTER_OTLP_ENDPOINT is set. */
export const IsTraced = Context.Reference<boolean>("halobestie/services/IsTraced", {
  defaultValue: () => false
})

export const spanned =
  (name: string, attributes: Readonly<Record<string, string>>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) =>
      fiber.getRef(IsTraced)
        ? Effect.withSpan(effect, name, { attributes }) as Effect.Effect<A, E, R>
        : effect
    )
