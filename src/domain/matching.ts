// Matching: which mitras may be asked for a request, by what it wants and what each of them offers. Adapters
// answer by it without looking at every mitra; what it means is said here, once.
import * as Schema from "effect/Schema"
import { type Topic, topics } from "./session/state.ts"

/** What customers and mitras can speak here, as ISO 639 has it; a further one is a line here. */
export const languages = ["id", "en", "jv", "su", "mad", "min", "ban", "bug"] as const
export const Language = Schema.Literals(languages)
export type Language = typeof Language.Type

/** What a request asks for; without a language any will do. */
export interface Wanted {
  readonly topic: Topic
  readonly language: Language | null
}

/** What staff say a mitra may be asked for. Never empty, each once, in the order of the lists above. */
export interface Profile {
  readonly languages: ReadonlyArray<Language>
  readonly topics: ReadonlyArray<Topic>
}

/** Of a mitra about whom staff said nothing yet. */
export const usualProfile: Profile = { languages: ["id"], topics }

/** The same profile in its one form. */
export const profileOf = (given: Profile): Profile => ({
  languages: languages.filter((language) => given.languages.includes(language)),
  topics: topics.filter((topic) => given.topics.includes(topic))
})

export const fits = (profile: Profile, { language, topic }: Wanted): boolean =>
  profile.topics.includes(topic) && (language === null || profile.languages.includes(language))

/** Older requests that want the same. */
export interface Older extends Wanted {
  readonly requests: number
}

export const olderCount = (older: ReadonlyArray<Older>): number =>
  older.reduce((sum, { requests }) => sum + requests, 0)

/** How many of the older requests could take a place with one of these mitras: only they are ahead. */
export const competing = (older: ReadonlyArray<Older>, mitras: ReadonlyArray<Profile>): number =>
  olderCount(older.filter((wanted) => mitras.some((profile) => fits(profile, wanted))))
