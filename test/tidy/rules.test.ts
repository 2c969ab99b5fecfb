// Each tidy rule, shown red on the smallest text that breaks it and green on the nearest that does not.
import { assert, describe, it } from "@effect/vitest"
import type { ProjectFile } from "./project-files.ts"
import { rules } from "./rules.ts"

const accused = (rule: string, files: ReadonlyArray<ProjectFile>): ReadonlyArray<string> =>
  (rules[rule]?.(files) ?? assert.fail(`no rule "${rule}"`)).map(({ line, path }) => `${path}:${line}`)

const assertRed = (rule: string, path: string, text: string, line = 1) =>
  assert.deepStrictEqual(accused(rule, [{ path, text }]), [`${path}:${line}`])

const assertGreen = (rule: string, path: string, text: string) =>
  assert.deepStrictEqual(accused(rule, [{ path, text }]), [])

const lines = (count: number, line = "const a = 1") => Array.from({ length: count }, () => line).join("\n")

describe("imports point one way", () => {
  const rule = "imports point one way"
  const refused: ReadonlyArray<readonly [string, string]> = [
    ["src/domain/mitra.ts", "../services/mitras.ts"],
    ["src/domain/mitra.ts", "effect/Effect"],
    ["src/contract/public/chat.ts", "../../services/sessions/sessions.ts"],
    ["src/services/accounts/mitras.ts", "../../layers/accounts/mitras.postgres.ts"],
    ["src/services/accounts/mitras.ts", "@effect/sql-pg"],
    ["src/layers/accounts/mitras.postgres.ts", "../../http/public.ts"],
    ["src/actors/turn.ts", "../layers/journal/journal.postgres.ts"],
    ["src/actors/turn.ts", "../contract/chat.ts"],
    ["src/http/public/public.ts", "../../layers/availability/beacon.ts"],
    ["src/http/public/public.ts", "../../actors/turn.ts"],
    ["src/http/public/public.ts", "ioredis"],
    ["src/main.ts", "../simulator/world.ts"],
    ["src/main.ts", "../testkit/memory/settings.memory.ts"],
    ["src/commands/serve.ts", "../../testkit/phone.mjs"],
    ["src/manual-clock/clock.ts", "../../simulator/kernel/virtual-time.ts"],
    ["simulator/world.ts", "../test/actors/playing.ts"],
    ["testkit/conformance/bus.ts", "../../simulator/world.ts"],
    ["testkit/conformance/bus.ts", "../../test/support/valkey.ts"],
    ["console/src/app.tsx", "../../src/http/internal/internal.ts"],
    ["console/src/app.tsx", "../../src/services/bus/bus.ts"],
    ["console/src/app.tsx", "node:fs"],
    ["src/http/internal/internal.ts", "../../../console/src/app.tsx"],
    ["src/new-folder/a.ts", "effect/Effect"],
    ["testkit/phone.mjs", "../src/contract/public/chat.ts"],
    ["testkit/phone.mjs", "effect/Effect"]
  ]
  it.each(refused)("%s may not import %s", (path, from) => {
    assertRed(rule, path, `import * as A from "${from}"`)
    assertRed(rule, path, `export { a } from "${from}"`)
    assertRed(rule, path, `const a = import("${from}")`)
  })

  const allowed: ReadonlyArray<readonly [string, string]> = [
    ["src/domain/session/decide.ts", "../refusal.ts"],
    ["src/domain/mitra.ts", "effect/Result"],
    ["src/contract/public/chat.ts", "../../domain/session/state.ts"],
    ["src/layers/platform/postgres/migrations.ts", "../../../../migrations/0001_create_people.ts"],
    ["src/layers/platform/valkey/connection.ts", "ioredis"],
    ["src/http/public/handlers/chat.ts", "../../../actors/session/protocol.ts"],
    ["src/http/public/webhooks.ts", "../../actors/session/requests.ts"],
    ["src/main.ts", "./layers/availability/beacon.ts"],
    ["simulator/world.ts", "../testkit/memory/store/tables.ts"],
    ["demo/play.mjs", "../testkit/phone.mjs"],
    ["console/src/connection/line.ts", "../../../src/contract/staff/staff-api.ts"],
    ["console/src/pages/now.tsx", "@mantine/core"],
    ["test/a.test.ts", "../src/layers/availability/beacon.ts"],
    ["testkit/phone.mjs", "ws"]
  ]
  it.each(allowed)(
    "%s may import %s",
    (path, from) => assertGreen(rule, path, `import * as A from "${from}"`)
  )
})

describe("production imports only what it installs", () => {
  const rule = "production imports only what it installs"
  const manifest = {
    path: "package.json",
    text: JSON.stringify({
      dependencies: { "@effect/sql-pg": "1.0.0", ws: "1.0.0" },
      devDependencies: { fengari: "1.0.0" }
    })
  }
  const accusedOf = (path: string, from: string) =>
    accused(rule, [manifest, { path, text: `import "${from}"` }])

  it("a devDependency is missing in the image", () => {
    assert.deepStrictEqual(accusedOf("src/layers/bus/a.ts", "fengari"), ["src/layers/bus/a.ts:1"])
    assert.deepStrictEqual(accusedOf("migrations/0001_a.ts", "@effect/vitest"), ["migrations/0001_a.ts:1"])
    assert.deepStrictEqual(accusedOf("simulator/valkey/lua.ts", "fengari"), [])
  })

  it.each(["ws", "@effect/sql-pg/PgClient", "node:fs", "./b.ts"])("%s is there", (from) => {
    assert.deepStrictEqual(accusedOf("src/layers/bus/a.ts", from), [])
  })
})

describe("bounded waits are measured in real time", () => {
  const rule = "bounded waits are measured in real time"
  it.each(["timeout", "timeoutOption", "timeoutOrElse"])("Effect.%s is banned in src", (name) => {
    assertRed(rule, "src/http/a.ts", `\nconst a = Effect.${name}(b, 1)`, 2)
    assertGreen(rule, "src/http/a.ts", `const a = RealTime.${name}(b, 1)`)
  })

  it("tests, the simulator and the module behind it may have Effect's own", () => {
    for (const path of ["test/a.test.ts", "simulator/a.ts", "src/services/platform/real-time.ts"]) {
      assertGreen(rule, path, "Effect.timeout(a, 1)")
    }
  })
})

describe("time and chance come from Effect", () => {
  const rule = "time and chance come from Effect"
  const banned = [
    "Date.now()",
    "new Date()",
    "Date()",
    "Math.random()",
    "setTimeout(f, 1)",
    "setInterval(f, 1)"
  ]
  it.each([...banned, "globalThis.setTimeout(f, 1)", "crypto.randomUUID()", "crypto[\"randomUUID\"]()"])(
    "%s is banned in src",
    (call) => assertRed(rule, "src/domain/a.ts", `\nconst a = ${call}`, 2)
  )

  it("a test may read the clock, and src may turn a number into a date", () => {
    assertGreen(rule, "test/a.test.ts", "Date.now()")
    assertGreen(rule, "src/layers/a.ts", "new Date(0)")
  })

  it("words in comments and strings accuse nobody", () =>
    assertGreen(rule, "src/domain/a.ts", "// Date.now() is banned\nconst a = \"Math.random()\""))
})

describe("SQL gets its times as parameters", () => {
  const rule = "SQL gets its times as parameters"
  it("the database's own clock is not read, in whatever string it hides", () => {
    assertRed(rule, "src/layers/a.ts", "sql`SELECT now()`")
    assertRed(rule, "src/layers/a.ts", "sql.unsafe(\"UPDATE a SET b = CURRENT_TIMESTAMP\")")
    assertRed(rule, "migrations/0001_a.ts", "run([`CREATE TABLE a (at timestamptz DEFAULT now())`])")
    assertGreen(rule, "src/layers/a.ts", "sql`SELECT ${now}`")
  })
})

describe("what a ruler finds", () => {
  it("a file without a header is named", () => {
    assertRed("every file opens with what it owns", "src/a.ts", "export const a = 1")
    assertRed("every file opens with what it owns", "src/a.ts", "// short\nexport const a = 1")
    assertGreen(
      "every file opens with what it owns",
      "src/a.ts",
      `// Says in a line or two what this file owns.\nlet a`
    )
  })

  it("the 301st line and the 111th column are too much", () => {
    assertRed("files stay under 300 lines", "src/a.ts", lines(301), 301)
    assertGreen("files stay under 300 lines", "src/a.ts", lines(300))
    assertRed("lines stay within 110 columns", "src/a.ts", `\n${"a".repeat(111)}`, 2)
    assertGreen("lines stay within 110 columns", "src/a.ts", "é".repeat(110))
  })

  it("a function of 71 lines is too long, wherever it stands", () => {
    const rule = "functions stay under 70 lines"
    assertRed(rule, "src/a.ts", `const f = () => {\n${lines(70)}\n}`)
    assertRed(rule, "src/a.ts", `Effect.gen(function*() {\n${lines(70)}\n})`)
    assertRed(rule, "src/a.ts", `class A {\n  m() {\n${lines(70)}\n}\n}`, 2)
    assertGreen(rule, "src/a.ts", `const f = () => {\n${lines(68)}\n}`)
  })

  it("a function's inner functions are measured on their own", () => {
    const inner = `const g = () => {\n${lines(40)}\n}`
    assertGreen("functions stay under 70 lines", "src/a.ts", `const f = () => {\n${inner}\n${inner}\n}`)
  })
})

describe("names", () => {
  it("are kebab-case, and migrations carry a number", () => {
    const rule = "names are kebab-case"
    for (const path of ["src/sessionView.ts", "src/Session.ts", "src/my_folder/a.ts"]) {
      assertRed(rule, path, "")
    }
    for (const path of ["src/a/session-view.ts", "src/bus.postgres.ts", "migrations/0001_create_people.ts"]) {
      assertGreen(rule, path, "")
    }
  })

  it("say what a file owns", () => {
    const rule = "names say what a file owns"
    const empty = [
      "src/utils.ts",
      "src/helpers/a.ts",
      "src/common.ts",
      "src/session-manager.ts",
      "src/misc.ts"
    ]
    for (const path of empty) assertRed(rule, path, "")
    assertGreen(rule, "src/domain/ledger.ts", "")
  })

  it("are never index", () => {
    assertRed("there are no index barrels", "src/domain/index.ts", "")
    assertGreen("there are no index barrels", "src/domain/index-of.ts", "")
  })
})

describe("tests", () => {
  const rule = "tests are never skipped, narrowed or retried"
  const tricks = [
    "it.skip(\"a\", f)",
    "it.live.only(\"a\", f)",
    "describe.skipIf(x)(\"a\", f)",
    "test.todo(\"a\")"
  ]
  it.each([...tricks, "it(\"a\", f, { retry: 3 })", "it(\"a\", { skip: true }, f)", "it.flakyTest(f)"])(
    "are not allowed %s",
    (text) => assertRed(rule, "test/a.test.ts", `\n${text}`, 2)
  )

  it("may use words that only look like tricks", () =>
    assertGreen(
      rule,
      "test/a.test.ts",
      "options.skip(1); Effect.retry(f, { times: 1 }); const a = { only: \"one\" }"
    ))
})

describe("any file", () => {
  it("leaves nothing unfinished", () => {
    assertRed("nothing is left unfinished", "docs/a.md", `\nHere is a ${"TO"}DO.`, 2)
    assertRed("nothing is left unfinished", "src/a.ts", `// ${"FIX"}ME later`)
    assertGreen("nothing is left unfinished", "docs/a.md", "All is done.")
  })

  it("names no package registry", () => {
    assertRed(
      "no file names a package registry",
      "package-lock.json",
      `"resolved": "https://registry.${"npmjs"}.org/a"`
    )
    assertGreen("no file names a package registry", ".npmrc", "omit-lockfile-registry-resolved=true")
  })

  it("of the lock names the packages of every platform", () => {
    const rule = "the lock file knows every platform"
    const lock = (locked: string) =>
      JSON.stringify({
        packages: {
          "node_modules/a/node_modules/b": { optionalDependencies: { "@b/mac": "1.0.0" } },
          [locked]: {}
        }
      })
    assertRed(rule, "package-lock.json", lock("node_modules/c/node_modules/@b/mac"))
    assertGreen(rule, "package-lock.json", lock("node_modules/@b/mac"))
    assertGreen(rule, "package-lock.json", lock("node_modules/a/node_modules/@b/mac"))
  })
})
