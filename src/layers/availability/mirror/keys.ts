// The keys of the mirror. The first five names are fixed, because other tools read them;
// the rest is ours, makes reads cheap, and can be derived from the rows at any time.

export const keys = {
  online: "mitras:online",
  deactivated: "mitras:deactivated",
  capacity: "mitra:capacity:",
  heartbeat: "mitra:heartbeat:",
  snapshot: "availability:snapshot",

  /** HASH generation, ticket, born_at: exists only while the mirror is whole. A wiped Valkey lacks it. */
  state: "mirror:state",
  /** The name of this keyspace, for as long as it lives: runners compare it. */
  identity: "mirror:identity",
  /** HASH per mitra: the ticket of her last write, and where in the sorted sets she is. */
  card: "mitra:card:",
  /** ZSET per number of sessions, by last ping. Buckets beside them: "x" deactivated, "d" draining. */
  seen: "mitras:seen:",
  /** ZSET per number of sessions, in the order of asking: by last offer, then online since, then id. */
  queue: "mitras:queue:"
} as const

/** A mitra's bucket is her number of sessions, or one of these two: she is not asked. */
export const deactivatedBucket = "x"
export const drainingBucket = "d"
