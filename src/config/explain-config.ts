// The configuration in words: every variable with its meaning, unit, default and example, for a terminal and
// for docs/operations/configuration.md, and names in an environment that look like ours but are not.
import { meanings } from "./meanings.ts"
import { variables } from "./server-config.ts"
import type { Variable } from "./variables.ts"

type Key = keyof typeof variables
const keys = Object.keys(variables) as ReadonlyArray<Key>

const defaultOf = (variable: Variable<unknown>): string =>
  variable.development === null || variable.development === ""
    ? "(not set)"
    : variable.secret
    ? "(a development value)"
    : String(variable.development)

const requiredOf = ({ required }: Variable<unknown>): string =>
  typeof required === "function" ? "unless another provider is on" : required ? "yes" : "no"

const rowsOf = () =>
  keys.map((key) => {
    const variable = variables[key] as Variable<unknown>
    const { about, example, unit } = meanings[key]
    return {
      name: variable.name,
      about,
      unit: unit ?? "",
      expected: variable.expected,
      default: defaultOf(variable),
      required: requiredOf(variable),
      example,
      secret: variable.secret
    }
  })

/** For a terminal: a few lines per variable. */
export const explainConfig = (): ReadonlyArray<string> =>
  rowsOf().flatMap((row) => [
    row.name,
    `    ${row.about}`,
    `    expected ${row.expected}${row.unit === "" ? "" : `, in ${row.unit}`}; default ${row.default}; ` +
    `needed in production: ${row.required}`,
    `    example ${row.example}${row.secret ? `; or ${row.name}_FILE with the path of a file` : ""}`
  ])

const cell = (text: string): string => text.replaceAll("|", "\\|")

/** The page, as it must stand in docs/operations/configuration.md. */
export const configurationPage = (): string =>
  [
    "# Configuration",
    "",
    "Every environment variable of the server. Made from `src/config` by",
    "`npm run --silent check-config -- --page`; a test compares. `NODE_ENV` is `development`, `test`,",
    "`staging` or `production`; staging is checked and hardened as production is. A variable marked *secret*",
    "may also come from a file: `NAME_FILE=/run/secrets/name`. Names that look like ours and are not are",
    "warned of at the start.",
    "",
    "| variable | meaning | unit | expected | default | needed in production | example |",
    "|---|---|---|---|---|---|---|",
    ...rowsOf().map((row) =>
      `| \`${row.name}\`${row.secret ? " *secret*" : ""} | ${
        [row.about, row.unit, row.expected, row.default, row.required, row.example].map(cell).join(" | ")
      } |`
    ),
    ""
  ].join("\n")

const distance = (one: string, other: string): number => {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}

// First words that nobody else uses. What an orchestrator sets for its services is not ours.
const ourWords =
  /^(XENDIT|FAZPASS|FIREBASE|MITRA|VALKEY|RUNNER|LISTENER|HEARTBEAT|DRAIN|TRUSTED|OTP|PAYMENT|DATABASE)_/
const orchestrated = /_SERVICE_(HOST|PORT)|_PORT_\d|_PORT$/

const names = keys.map((key) => variables[key].name)

/** Names that look like ours and are not read by anybody: typing mistakes and leftovers. */
export const strangers = (
  environment: Readonly<Record<string, string | undefined>>
): ReadonlyArray<{ readonly name: string; readonly nearest: string | null }> => {
  const known = new Set<string>([...names, ...names.map((name) => `${name}_FILE`)])
  return Object.keys(environment).filter((name) => !known.has(name) && !orchestrated.test(name)).flatMap(
    (name) => {
      const [nearest, off] = names.map((own) => [own, distance(name, own)] as const)
        .reduce((best, one) => one[1] < best[1] ? one : best)
      const isClose = name.length > 6 && off <= 2
      return isClose || ourWords.test(name) ? [{ name, nearest: off <= 4 ? nearest : null }] : []
    }
  )
}
