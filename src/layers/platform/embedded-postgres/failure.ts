// Why an embedded Postgres could not run, as one sentence for the person at the terminal.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

export class EmbeddedPostgresFailed extends Schema.TaggedError<EmbeddedPostgresFailed>()(
  "EmbeddedPostgresFailed",
  { message: Schema.String }
) {}

/** Runs file-system work; what it throws becomes one sentence that starts with `doing`. */
export const attempt = <A>(doing: string, work: () => A): Effect.Effect<A, EmbeddedPostgresFailed> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(work())
    } catch (error) {
      if (error instanceof EmbeddedPostgresFailed) return Effect.fail(error)
      return Effect.fail(new EmbeddedPostgresFailed({ message: `${doing}: ${(error as Error).message}` }))
    }
  })
