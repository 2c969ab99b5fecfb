// What is installed is what was locked: every package of the lock file has the hash of its content, but for a
// few of other platforms that the registry of this repository does not hold.
import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"

interface Locked {
  readonly integrity?: string
  readonly link?: boolean
  readonly dev?: boolean
  readonly optional?: boolean
}

const { packages } = JSON.parse(
  Fs.readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8")
) as { readonly packages: Readonly<Record<string, Locked>> }

const unhashed = Object.entries(packages).filter(([path, { integrity, link }]) =>
  path !== "" && link !== true && integrity === undefined
)

/** The formatter's binaries for platforms that no registry of ours holds. The list only gets shorter. */
const unhashedMax = 13

describe("the lock file", () => {
  it("has a hash for every package that production installs, and for all others but the formatter's", () => {
    assert.deepStrictEqual(unhashed.filter(([, { dev }]) => dev !== true).map(([path]) => path), [])
    const others = unhashed.filter(([path, { optional }]) =>
      optional !== true || !path.startsWith("node_modules/@dprint/")
    )
    assert.deepStrictEqual(others.map(([path]) => path), [])
    assert.isAtMost(unhashed.length, unhashedMax)
  })

  it("names no registry, and pins every direct dependency to one version", () => {
    assert.deepStrictEqual(Object.entries(packages).filter(([, locked]) => "resolved" in locked), [])
    const root = packages[""] as unknown as Readonly<Record<string, Readonly<Record<string, string>>>>
    const wanted = ["dependencies", "devDependencies", "optionalDependencies"].flatMap((kind) =>
      Object.entries(root[kind] ?? {})
    )
    assert.deepStrictEqual(wanted.filter(([, version]) => !/^\d+\.\d+\.\d+/.test(version)), [])
  })
})
