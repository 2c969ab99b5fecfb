// Every script of package.json that is ours, as a stranger runs it: asked for help in any form it says how it
// goes, and a word it does not know gets a sentence and the same help, never a stack trace.
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

/** Compiled code of earlier processes, as the servers of tests use it. */
const compileCache = join(tmpdir(), "halobestie-test-compile-cache")
const root = fileURLToPath(new URL("../../", import.meta.url))
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>
}

/** The program of a script by its name; null: it is another tool's, with a help of its own. */
const programOf = (script: string): ReadonlyArray<string> | null => {
  const [first, ...words] = (scripts[script] ?? "").split(" ")
  return first === "node" ? words : null
}

/** Programs that take no word. */
const wordless = new Set(["console/build.mjs"])

const run = (words: ReadonlyArray<string>) =>
  Effect.callback<{ readonly code: number; readonly output: string }>((resume) => {
    const env = { ...process.env, NODE_COMPILE_CACHE: compileCache }
    const options = { cwd: root, env, timeout: 60_000 }
    const child = execFile(
      process.execPath,
      words,
      options,
      (_, stdout, stderr) => resume(Effect.succeed({ code: child.exitCode ?? -1, output: stdout + stderr }))
    )
  })

/** All commands of the server are one program, which treats them alike. */
const ours = Object.keys(scripts).filter((script) => {
  const words = programOf(script)
  if (words === null || wordless.has(words.at(-1) ?? "")) return false
  return script === "start" || !words.includes("src/cli.ts")
})

const isUsage = (script: string, output: string) =>
  output.includes(`npm run ${script}`) || /USAGE\n {2}\w+/.test(output)

describe("a script asked for help", () => {
  it.live("says how it goes and ends well, and takes no word it does not know", () =>
    Effect.gen(function*() {
      assert.includeMembers(ours, ["demo", "simulate", "soak", "bench", "load", "probe", "mutants", "start"])
      yield* Effect.forEach(ours, (script) =>
        Effect.gen(function*() {
          const words = programOf(script) ?? []
          const asked = yield* run([...words, "help"])
          assert.isTrue(isUsage(script, asked.output), `${script} help: ${asked.output}`)
          assert.strictEqual(asked.code, 0, `${script} help: ${asked.output}`)
          const wrong = yield* run([...words, "--no-such-flag"])
          assert.isTrue(isUsage(script, wrong.output), `${script} --no-such-flag: ${wrong.output}`)
          assert.notMatch(wrong.output, /^ {4}at /m)
          assert.include([1, 2], wrong.code)
        }), { concurrency: 2 })
    }), 120_000)

  it.live("tells of every command of the server in a line", () =>
    Effect.gen(function*() {
      const verbs = Object.keys(scripts).flatMap((script) => {
        const words = programOf(script) ?? []
        return words.includes("src/cli.ts") ? [words.at(-1) ?? ""] : []
      })
      const { output } = yield* run(["src/cli.ts", "--help"])
      for (const verb of verbs) assert.match(output, new RegExp(`^ {2}${verb} +\\w`, "m"))
    }), 60_000)

  it.live(
    "has a help for each bench with flags, and refuses what a bench cannot take",
    () =>
      Effect.gen(function*() {
        const peers = yield* run(["bench/main.ts", "peers", "-h"])
        assert.deepStrictEqual([peers.code, peers.output.includes("--scenario")], [0, true])
        const refused = [
          ["crowd abc", "chats cannot be \"abc\""],
          ["messages /nowhere", "no checkout"],
          ["calls 3", "calls takes nothing"],
          ["", "Which one?"],
          ["peers --bogus", "--bogus"]
        ] as const
        yield* Effect.forEach(refused, ([line, sentence]) =>
          Effect.map(
            run([
              "bench/main.ts",
              ...line.split(" ").filter((word) => word !== "")
            ]),
            (answer) => {
              assert.strictEqual(answer.code, 2, answer.output)
              assert.include(answer.output, sentence)
            }
          ), { concurrency: 2 })
      }),
    60_000
  )
})
