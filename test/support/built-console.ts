// The console as it was built for this run: `npm ci` builds it; a checkout where its sources are newer
// builds it again, so that a test never looks at an old page.
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

const newest = (folder: string): number =>
  Math.max(
    ...readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) =>
      statSync(join(folder, path)).mtimeMs
    )
  )

export const builtConsole = (): string => {
  const page = join(root, "console/dist/index.html")
  const sources = Math.max(newest(join(root, "console/src")), newest(join(root, "src/contract")))
  if (existsSync(page) && statSync(page).mtimeMs > sources) return "the console as it was built"
  execFileSync(process.execPath, [join(root, "console/build.mjs")], { cwd: root, stdio: "pipe" })
  return "a console built just now"
}
