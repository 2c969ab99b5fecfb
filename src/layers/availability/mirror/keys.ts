// The keys of the mirror. The first five names are fixed, because other tools read them;
// the rest is ours, makes reads cheap, and can be derived from the rows at any time.
import { languages, type Profile, type Wanted } from "../../../domain/matching.ts"
import { topics } from "../../../domain/session/state.ts"

export const keys = {
  online: "mitras:online",
  deactivated: "mitras:deactivated",
  capacity: "mitra:capacity:",
  heartbeat: "mitra:heartbeat:",
  snapshot: "availability:snapshot",

  /**
   * HASH generation, ticket, born_at: exists only while the mirror is whole. A wiped Valkey lacks it. Where
   * Valkey may throw keys away, `kept` proves that since the generation began it has not.
   */
  state: "mirror:state",
  /** The name of this keyspace, for as long as it lives: runners compare it. */
  identity: "mirror:identity",
  /** HASH per mitra: the ticket of her last write, and where in the sorted sets she is. */
  card: "mitra:card:",
  /** ZSET per number of sessions, by last ping. Buckets beside them: "x" deactivated, "d" draining. */
  seen: "mitras:seen:",
  /**
   * ZSET per number of sessions and want (below), in the order of asking: by last offer, then online since,
   * then id. A mitra stands in one for each want she fits, so a search walks only mitras it may ask.
   */
  queue: "mitras:queue:"
} as const

/** A mitra's bucket is her number of sessions, or one of these two: she is not asked. */
export const deactivatedBucket = "x"
export const drainingBucket = "d"

/** A want as part of a key: the topic, or the topic and a language. */
export const wantKey = ({ language, topic }: Wanted): string =>
  language === null ? topic : `${topic}:${language}`

/** All wants a mitra fits; a mitra's card keeps them, and they say her whole profile. */
export const wantKeysOf = ({ languages, topics }: Profile): ReadonlyArray<string> =>
  topics.flatMap((topic) => [null, ...languages].map((language) => wantKey({ topic, language })))

export const profileIn = (wantKeys: ReadonlyArray<string>): Profile => ({
  topics: topics.filter((topic) => wantKeys.includes(topic)),
  languages: languages.filter((language) => wantKeys.some((key) => key.endsWith(`:${language}`)))
})

export const allWantKeys = wantKeysOf({ languages, topics })
