// A bug planted by hand: one realistic line of the kind that a reviewer tries, found in its file by its text.
import type { fittingProfiles } from "../../fitting-profiles.ts"

type Profile = keyof typeof fittingProfiles

export interface PlantedBug {
  readonly name: string
  readonly says: string
  /** The worlds that are full of it; see fitting-profiles.ts. */
  readonly profile: Profile
  readonly file: string
  /** Stands there once. */
  readonly before: string
  readonly after: string
}

type Bug = readonly [name: string, says: string, before: string, after: string, profile?: Profile]

/** `usual`: the profile of those that name none. */
export const inFile = (
  file: string,
  usual: Profile,
  ...bugs: ReadonlyArray<Bug>
): ReadonlyArray<PlantedBug> =>
  bugs.map(([name, says, before, after, profile = usual]) => ({ name, says, profile, file, before, after }))
