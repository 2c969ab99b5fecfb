// The console's texts: everything a page says comes from the catalogue, both languages have the same keys,
// and no key is left that nothing says. A missing key is a type error already.
import { assert, describe, it } from "@effect/vitest"
import { english } from "../../console/src/text/english.ts"
import { indonesian } from "../../console/src/text/indonesian.ts"
import { offlineCauses } from "../../src/domain/mitra.ts"
import * as Payment from "../../src/domain/payment.ts"
import { pushKinds } from "../../src/domain/push.ts"
import * as Session from "../../src/domain/session/state.ts"
import * as Trust from "../../src/domain/trust.ts"
import { type Node, nodesOf, programOf, type ProjectFile, projectFiles } from "../tidy/project-files.ts"

interface Texts {
  readonly [key: string]: string | Texts
}

/** `now.queue` for every text. */
const keysOf = (texts: Texts, above = ""): ReadonlyArray<string> =>
  Object.entries(texts).flatMap(([key, text]) =>
    typeof text === "string" ? [`${above}${key}`] : keysOf(text, `${above}${key}.`)
  )

const pages = projectFiles().filter(({ path }) => /^console\/src\/(?!text\/)/.test(path))

const nameOf = (node: unknown): string => String((node as Node)["name"] ?? (node as Node)["value"] ?? "")

/** What a variable stands for: `text` for all texts, `{ health: text }` for those of one place. */
const variablesOf = (nodes: ReadonlyArray<Node>): ReadonlyMap<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>()
  const put = (variable: string, place: string) =>
    found.set(variable, (found.get(variable) ?? new Set()).add(place))
  for (const node of nodes) {
    if (node.type === "VariableDeclarator") {
      const made = node["init"] as Node | null
      if (made?.type !== "CallExpression" || nameOf(made["callee"]) !== "useText") continue
      const target = node["id"] as Node
      if (target.type === "Identifier") put(nameOf(target), "")
      for (const property of (target["properties"] ?? []) as ReadonlyArray<Node>) {
        put(nameOf(property["value"]), `${nameOf(property["key"])}.`)
      }
    }
    const typed = node.type === "Identifier" ? node["typeAnnotation"] as Node | null : null
    if (typed !== null && typed !== undefined && /: ?Texts$/.test(`: ${nameOf(typedName(typed))}`)) {
      put(nameOf(node), "")
    }
  }
  return found
}

const typedName = (annotation: Node): unknown =>
  ((annotation["typeAnnotation"] as Node | undefined)?.["typeName"] as Node | undefined) ?? annotation

/** `text.now.queue` is `now.queue`; `text.now[name]` is everything below `now.`. */
const saidBy = (file: ProjectFile): ReadonlyArray<string> => {
  const nodes = nodesOf(programOf(file))
  const variables = variablesOf(nodes)
  const placesOf = (node: Node): ReadonlyArray<string> => {
    if (node.type === "Identifier") return [...variables.get(nameOf(node)) ?? []]
    if (node.type !== "MemberExpression") return []
    const above = placesOf(node["object"] as Node)
    return above.map((place) => node["computed"] === true ? place : `${place}${nameOf(node["property"])}.`)
  }
  return nodes.filter(({ type }) => type === "MemberExpression").flatMap((node) =>
    placesOf(node).map((place) => node["computed"] === true ? place : place.slice(0, -1))
  )
}

const said = (files: ReadonlyArray<ProjectFile>, keys: ReadonlyArray<string>): ReadonlySet<string> => {
  const exact = new Set(files.flatMap(saidBy))
  const below = [...exact].filter((place) => place.endsWith("."))
  return new Set(keys.filter((key) => exact.has(key) || below.some((place) => key.startsWith(place))))
}

const shownAttributes = new Set(["label", "title", "placeholder", "aria-label", "description", "no", "yes"])
/** Names and units that are the same everywhere. */
const untranslated = /^(Postgres|PostgreSQL|Valkey|[^a-z]*(ms|min|s|Rp|v)?[^a-z]*)$/

/** Words that stand in a page itself. */
const wordsIn = (file: ProjectFile): ReadonlyArray<string> =>
  nodesOf(programOf(file)).flatMap((node) => {
    const value = node["value"] as Node | null
    const text = node.type === "JSXText"
      ? String(node["value"])
      : node.type === "JSXAttribute" && shownAttributes.has(nameOf(node["name"])) && value?.type === "Literal"
      ? String(value["value"])
      : ""
    return untranslated.test(text.trim()) ? [] : [`${file.path}: ${text.trim()}`]
  })

describe("the console's texts", () => {
  const keys = keysOf(english)

  it("are the same keys in English and in Indonesian, none of them empty", () => {
    assert.deepStrictEqual(keysOf(indonesian), keys)
    const empty = (texts: Texts) => JSON.stringify(texts).includes("\"\"")
    assert.deepStrictEqual([empty(english), empty(indonesian)], [false, false])
  })

  it("are all said by some page", () => {
    const known = said(pages, keys)
    assert.deepStrictEqual(keys.filter((key) => !known.has(key)), [])
  })

  it("have a word for every state, outcome and cause that pages show", () => {
    const { absenceCauses, modes, offerEndings, offerStatuses, requestKinds, sessionStatuses, topics } =
      Session
    const { paymentAnomalies, paymentStatuses } = Payment
    const ofChats = [sessionStatuses, offerStatuses, offerEndings, absenceCauses, topics, modes, requestKinds]
    const ofPayments = [paymentStatuses, paymentAnomalies, Payment.resolutions]
    const ofPeople = [offlineCauses, pushKinds, Trust.reportReasons, Trust.resolutions]
    const shown = [ofChats, ofPayments, ofPeople].flat(2)
    assert.deepStrictEqual(shown.filter((name) => !(name in english.words)), [])
  })

  it("are all that pages say: no words stand in a page itself", () => {
    assert.deepStrictEqual(pages.flatMap(wordsIn), [])
  })

  it("are found where a page says them, by name and by what is looked up", () => {
    const page = (text: string) => [{ path: "console/src/pages/a.tsx", text }]
    const found = (text: string) => [...said(page(text), ["now.queue", "now.chats", "save"])]
    assert.deepStrictEqual(found("const text = useText(); text.now.queue"), ["now.queue"])
    assert.deepStrictEqual(found("const { now: text } = useText(); text[name]"), ["now.queue", "now.chats"])
    assert.deepStrictEqual(found("const f = (text: Texts) => text.save"), ["save"])
    assert.deepStrictEqual(found("const text = { save: 1 }; text.save"), [])
    const [first] = page("<Fact label=\"Owner\">{x} of {y}</Fact>")
    assert.deepStrictEqual(wordsIn(first!), ["console/src/pages/a.tsx: Owner", "console/src/pages/a.tsx: of"])
  })
})
