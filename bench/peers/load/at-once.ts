// The same for each of many, so many of them at a time.
export const eachAtOnce = async <A>(
  all: ReadonlyArray<A>,
  at_once: number,
  run: (one: A) => Promise<void>
): Promise<void> => {
  const rest = all.values()
  await Promise.all(Array.from({ length: Math.min(at_once, all.length) }, async () => {
    for (const one of rest) await run(one)
  }))
}
