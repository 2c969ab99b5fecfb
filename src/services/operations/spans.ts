// Spans of traces, made only while somebody collects them: without an exporter an effect is returned as it
// is, because even a span that nobody reads costs an allocation per call. Between fibers and runners a span
// travels as W3C's traceparent, in the call or in the message that goes on with its work.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"

/** True where OTEL_EXPORTER_OTLP_ENDPOINT is set. */
export const IsTraced = Context.Reference<boolean>("halobestie/services/IsTraced", {
  defaultValue: () => false
})

type Attributes = Readonly<Record<string, string>>

/** `00-<trace id>-<span id>-<flags>`; what is no traceparent has no parent. */
const parentOf = (traceparent: string | undefined): Tracer.ExternalSpan | undefined => {
  const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent ?? "") ?? []
  return traceId === undefined || spanId === undefined ? undefined : Tracer.externalSpan({ traceId, spanId })
}

/** `under`: the span of another fiber or runner that this work goes on with. */
export const spanned =
  (name: string, attributes: Attributes, under?: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) => {
      if (!fiber.getRef(IsTraced)) return effect
      const parent = parentOf(under)
      const options = parent === undefined ? { attributes } : { attributes, parent }
      return Effect.withSpan(effect, name, options) as Effect.Effect<A, E, R>
    })

/** The span in which this fiber is, on its way to another one; undefined where nobody collects. */
export const traceparentOf = (fiber: Fiber.Fiber<unknown, unknown>): string | undefined => {
  if (!fiber.getRef(IsTraced)) return undefined
  const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  return span === undefined ? undefined : `00-${span.traceId}-${span.spanId}-01`
}
