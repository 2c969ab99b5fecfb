// A stream as this protocol can run it by itself: opened once, then asked for page after page, each after the
// one before may be followed. One fiber, and nothing of the machinery that streams in general need.
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

type Page = readonly [unknown, ...Array<unknown>]

/** Opens it; what it gives brings the next page. */
export type Pages<A, E, R> = Effect.Effect<
  Effect.Effect<readonly [A, ...Array<A>], E, R>,
  E,
  R | Scope.Scope
>

type AnyPages = Pages<unknown, unknown, never>

const known = new WeakMap<object, AnyPages>()

/** For whoever else runs it, a stream like all others. */
export const streamOfPages = <A, E, R>(
  pages: Pages<A, E, R>
): Stream.Stream<A, E, Exclude<R, Scope.Scope>> => {
  const stream = Stream.unwrap(Effect.map(pages, (next) => Stream.fromPull(Effect.succeed(next))))
  known.set(stream, pages as AnyPages)
  return stream as Stream.Stream<A, E, Exclude<R, Scope.Scope>>
}

/** Undefined for streams that were not made here. */
export const pagesOf = (stream: unknown): AnyPages | undefined =>
  typeof stream === "object" && stream !== null ? known.get(stream) : undefined

/** Brings page after page, `deliver` may have each wait before the next. Ends when one of both fails. */
export const flow = (
  pages: AnyPages,
  deliver: (page: Page) => Effect.Effect<void>
): Effect.Effect<never, unknown, Scope.Scope> =>
  Effect.flatMap(pages, (next) => Effect.forever(Effect.flatMap(next, deliver)))
