// A name of the wire as the catalogue says it; one that it does not know, as its own words.
import { words } from "../format.ts"
import { useText } from "../text/catalogue.ts"

export const useWords = (): (identifier: string) => string => {
  const { words: known } = useText()
  return (identifier) => identifier in known ? known[identifier as keyof typeof known] : words(identifier)
}
