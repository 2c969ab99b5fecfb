// How long a run takes on this machine: the one thing about it that differs from machine to machine. Nothing
// that happens in a world may ask.

/** Milliseconds of the machine's own time since the call. */
export const stopwatch = (): () => number => {
  const began = process.hrtime.bigint()
  return () => Number(process.hrtime.bigint() - began) / 1e6
}
