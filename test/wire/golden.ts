// Golden frames: docs/frames/*.json hold real conversations in which ids, times and tokens are replaced
// by `$kind:name`. Here they are loaded, filled in for sending, and compared with what was received.
import * as Fs from "node:fs"

export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

export type Step =
  /** Opens this phone's socket; a token signs it in at the upgrade. */
  | { readonly connect: string; readonly token?: string }
  | { readonly disconnect: string }
  | { readonly phone: string; readonly send: Json }
  /** A frame that is no JSON message at all. */
  | { readonly phone: string; readonly send_text: string }
  | { readonly phone: string; readonly receive: Json }
  | {
    readonly http: {
      readonly method: string
      readonly path: string
      readonly headers: Readonly<Record<string, string>>
      readonly body: Json
    }
    readonly answer: { readonly status: number; readonly body: Json }
  }

export interface Golden {
  readonly file: string
  readonly title: string
  readonly steps: ReadonlyArray<Step>
}

const folder = new URL("../../docs/frames/", import.meta.url)

/** In the order they are played: one story over the same connections. */
export const goldens: ReadonlyArray<Golden> = Fs.readdirSync(folder).filter((file) => file.endsWith(".json"))
  .toSorted()
  .map((file) => ({
    file,
    ...JSON.parse(Fs.readFileSync(new URL(file, folder), "utf8")) as Omit<Golden, "file">
  }))

/** What a `$kind` stands for: the pattern its text must have. */
const patterns: Readonly<Record<string, string>> = {
  id: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
  instant: "\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z",
  token: "[A-Za-z0-9._-]{20,4000}",
  webhook_token: ".+",
  text: "[^]+",
  int: "-?\\d+"
}
const placeholder = /\$(webhook_token|id|instant|token|text|int)(?::([a-z0-9_]+))?/g

/** Named values found so far, as text; the same name must mean the same value everywhere. */
export type Bindings = Map<string, string>

const keyOf = (kind: string, name: string | undefined) => name === undefined ? kind : `${kind}:${name}`

/** A template with every placeholder replaced by what its name stands for. */
export const fill = (template: Json, valueOf: (key: string, kind: string) => string): Json => {
  if (typeof template === "string") {
    const filled = template.replaceAll(
      placeholder,
      (_, kind: string, name?: string) => valueOf(keyOf(kind, name), kind)
    )
    return /^\$int(:[a-z0-9_]+)?$/.test(template) ? Number(filled) : filled
  }
  if (Array.isArray(template)) return template.map((item) => fill(item, valueOf))
  if (typeof template !== "object" || template === null) return template
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fill(value, valueOf)]))
}

export const bound = (bindings: Bindings) => (key: string): string => {
  const value = bindings.get(key)
  if (value === undefined) throw new Error(`$${key} is sent before anything received gave it a value`)
  return value
}

const matchText = (template: string, given: Json, path: string, bindings: Bindings): string | null => {
  const isNumber = /^\$int(:[a-z0-9_]+)?$/.test(template)
  if (isNumber ? !Number.isSafeInteger(given) : typeof given !== "string") {
    return `${path}: ${JSON.stringify(given)} is no ${isNumber ? "integer" : "text"}, expected ${template}`
  }
  const keys: Array<string> = []
  const escape = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")
  let pattern = ""
  let end = 0
  for (const found of template.matchAll(placeholder)) {
    const [whole, kind = "", name] = found
    pattern += `${escape(template.slice(end, found.index))}(${patterns[kind]})`
    keys.push(keyOf(kind, name))
    end = found.index + whole.length
  }
  const parts = new RegExp(`^${pattern}${escape(template.slice(end))}$`).exec(String(given))
  if (parts === null) return `${path}: ${JSON.stringify(given)} is not ${template}`
  for (const [index, key] of keys.entries()) {
    const value = parts[index + 1] ?? ""
    const before = bindings.get(key)
    if (!key.includes(":")) continue
    if (before !== undefined && before !== value) return `${path}: ${value} is another $${key} than ${before}`
    bindings.set(key, value)
  }
  return null
}

/** Null when `given` is the template, field for field; else the first difference, as a sentence. */
export const difference = (
  template: Json,
  given: Json | undefined,
  bindings: Bindings,
  path = "frame"
): string | null => {
  if (given === undefined) return `${path}: missing, expected ${JSON.stringify(template)}`
  if (typeof template === "string") return matchText(template, given, path, bindings)
  if (typeof template !== "object" || template === null) {
    return template === given ? null : `${path}: ${JSON.stringify(given)} is not ${JSON.stringify(template)}`
  }
  if (typeof given !== "object" || given === null || Array.isArray(given) !== Array.isArray(template)) {
    return `${path}: ${JSON.stringify(given)} is not ${JSON.stringify(template)}`
  }
  const expected = Object.entries(template)
  const surplus = Object.keys(given).find((key) => !Object.hasOwn(template, key))
  if (surplus !== undefined) return `${path}.${surplus}: not expected at all`
  for (const [key, value] of expected) {
    const found = difference(value, (given as Record<string, Json>)[key], bindings, `${path}.${key}`)
    if (found !== null) return found
  }
  return null
}
