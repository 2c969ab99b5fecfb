// What people type before they know how a command goes: the ways to ask for help, and values that a script
// cannot take.
import { assert, describe, it } from "@effect/vitest"
import * as Exit from "effect/Exit"
import { exitCodeOf, withHelpFlag } from "../../src/commands/command-line.ts"
import { asksForHelp, flagsOf, numberOf, socketUrlOf } from "../../testkit/command-line.mjs"

describe("a command of the server", () => {
  it("takes the word help for the flag, before a command and after it", () => {
    assert.deepStrictEqual(withHelpFlag(["help"]), ["--help"])
    assert.deepStrictEqual(withHelpFlag(["help", "migrate"]), ["migrate", "--help"])
    assert.deepStrictEqual(withHelpFlag(["migrate", "help"]), ["migrate", "--help"])
    assert.deepStrictEqual(withHelpFlag(["settings", "set", "help"]), ["settings", "set", "--help"])
  })

  it("leaves every other line as it is, also one in which help is a value", () => {
    for (const line of ["serve", "migrate --status", "settings set some_key help", "rewrap --dry-run help"]) {
      assert.deepStrictEqual(withHelpFlag(line.split(" ")), line.split(" "))
    }
    assert.deepStrictEqual(withHelpFlag([]), [])
  })
})

describe("an exit code", () => {
  const server = { runsUntilStopped: true }

  it("is 0 for what was done, and for a server that was stopped", () => {
    assert.strictEqual(exitCodeOf(Exit.void, {}, 0), 0)
    assert.strictEqual(exitCodeOf(Exit.interrupt(1), server, 0), 0)
  })

  it("tells of a command that a signal cut short, as of one that failed", () => {
    assert.strictEqual(exitCodeOf(Exit.interrupt(1), {}, 0), 130)
    assert.strictEqual(exitCodeOf(Exit.fail("no"), {}, 0), 1)
    assert.strictEqual(exitCodeOf(Exit.fail("no"), server, 0), 1)
  })

  it("keeps what was found wrong at an end that was asked for", () => {
    assert.strictEqual(exitCodeOf(Exit.interrupt(1), server, 1), 1)
    assert.strictEqual(exitCodeOf(Exit.void, {}, 2), 2)
  })
})

describe("a script", () => {
  it("knows three ways to ask for help", () => {
    for (const line of ["--help", "-h", "help", "--seeds 3 -h"]) assert.isTrue(asksForHelp(line.split(" ")))
    for (const line of ["--topic help", "run"]) assert.isFalse(asksForHelp(line.split(" ")))
  })

  it("reads a negative value as the value of the flag before it", () => {
    const options = { minutes: { type: "string" }, list: { type: "boolean" } } as const
    assert.deepEqual(flagsOf(["--minutes", "-1", "--list"], options), { minutes: "-1", list: true })
    assert.throws(() => flagsOf(["--list", "-x"], options), /-x/)
  })

  it("says which value it cannot take, and what it would take", () => {
    assert.strictEqual(numberOf("--phones", "12", 1), 12)
    assert.throws(
      () => numberOf("--phones", "abc", 1),
      "--phones cannot be \"abc\"; expected a number, 1 at least"
    )
    assert.throws(
      () => numberOf("--minutes", "-1", 0.1, 9),
      "--minutes cannot be \"-1\"; expected a number, from 0.1 to 9"
    )
    assert.throws(() => numberOf("--phones", "", 1), "cannot be \"\"")
    assert.strictEqual(socketUrlOf("--url", "wss://host/ws").host, "host")
    for (const text of ["", "host:3000", "http://host/ws"]) {
      assert.throws(() => socketUrlOf("--url", text), `--url cannot be "${text}"; expected ws://`)
    }
  })
})
