// Where a tidy rule does not hold, and why. Frozen: the list may only get shorter, and an exception that is
// no longer needed fails the test.
export interface Exception {
  readonly rule: string
  readonly path: string
  readonly reason: string
}

export const exceptions: ReadonlyArray<Exception> = []
