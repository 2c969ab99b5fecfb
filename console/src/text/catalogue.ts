// Which language the console speaks: English, or Indonesian beside it. Chosen per browser; nothing else is
// kept there.
import { makeStore, useStore } from "../connection/store.ts"
import { english, type Texts } from "./english.ts"
import { indonesian } from "./indonesian.ts"

export type Language = "en" | "id"

const catalogues: Readonly<Record<Language, Texts>> = { en: english, id: indonesian }
const key = "halobestie-console-language"

const remembered = (): Language => localStorage.getItem(key) === "id" ? "id" : "en"

export const language = makeStore<Language>(remembered())

export const speak = (chosen: Language): void => {
  localStorage.setItem(key, chosen)
  document.documentElement.lang = chosen
  language.set(chosen)
}

export const useText = (): Texts => catalogues[useStore(language)]
