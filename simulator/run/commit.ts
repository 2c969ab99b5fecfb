// Which commit a run was of, for the page and the file of findings: a seed means something only together
// with the code that it ran.
import { execFileSync } from "node:child_process"

const git = (...args: ReadonlyArray<string>): string =>
  execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()

/** Null outside a working copy. A plus: with changes that are not committed. */
export const commitOf = (): string | null => {
  try {
    const isChanged = git("status", "--porcelain", "--untracked-files=no") !== ""
    return `${git("rev-parse", "--short", "HEAD")}${isChanged ? "+" : ""}`
  } catch {
    return null
  }
}
