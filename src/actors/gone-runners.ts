// Runners whose process is gone. It may have had the health check, and then nobody says so until its row
// runs out after six seconds. That it refuses connections and that its heartbeat in the storage stands still
// is proof together, whoever finds it: one that is cut off or slow refuses nobody, or its heart beats.

/** As they stand in the storage, by address. */
export type Heartbeats = ReadonlyMap<string, string>

/** Looks are half a second apart, and a heart beats every second and a half. */
export const stillLooksMax = 4

export const makeGone = () => {
  const stands = new Map<string, { beat: string; looks: number }>()
  return {
    /** Those that refuse just now; gives which of them are gone. */
    look: (refusing: ReadonlyArray<string>, beats: Heartbeats): ReadonlyArray<string> => {
      for (const address of stands.keys()) if (!refusing.includes(address)) stands.delete(address)
      return refusing.filter((address) => {
        const beat = beats.get(address)
        if (beat === undefined) return false
        const known = stands.get(address)
        if (known?.beat !== beat) {
          stands.set(address, { beat, looks: 0 })
          return false
        }
        known.looks += 1
        return known.looks >= stillLooksMax
      })
    }
  }
}
