// The hearts of runners that do not answer, as they beat in the storage. One that beats on is there, and
// this runner does not reach it. One that refuses connections with a heart that stands still while ours beats
// is gone: it may have had the health check, and then nobody says so until its row runs out after 6 s.

/** As they stand in the storage, by address. */
export type Heartbeats = ReadonlyMap<string, string>

/** Looks are half a second apart, and a heart beats every second and a half. */
export const stillLooksMax = 4

interface Heart {
  readonly beat: string
  readonly own: string | undefined
  readonly hasBeaten: boolean
  looks: number
  /** Nobody beats in a storage that stands still itself. */
  oursHasBeaten: boolean
}

export const makeHearts = (ownAddress: string) => {
  const seen = new Map<string, Heart>()
  return {
    /** Those that do not answer just now. */
    look: (unanswering: ReadonlyArray<string>, beats: Heartbeats): void => {
      for (const address of seen.keys()) if (!unanswering.includes(address)) seen.delete(address)
      const own = beats.get(ownAddress)
      for (const address of unanswering) {
        const beat = beats.get(address)
        const known = seen.get(address)
        if (beat === undefined) seen.delete(address)
        else if (known?.beat !== beat) {
          seen.set(address, { beat, own, hasBeaten: known !== undefined, looks: 0, oursHasBeaten: false })
        } else {
          known.looks += 1
          known.oursHasBeaten ||= known.own !== own
        }
      }
    },
    /** Since it stopped answering. */
    hasBeaten: (address: string): boolean => seen.get(address)?.hasBeaten === true,
    isStill: (address: string): boolean => {
      const known = seen.get(address)
      return known !== undefined && known.looks >= stillLooksMax && known.oursHasBeaten
    }
  }
}

export type Hearts = ReturnType<typeof makeHearts>
