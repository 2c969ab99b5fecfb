// A second working copy for mechanical mutants: its files hold them, those here do not. The programs
// that try a mutant run there, so that nobody else meets it.
import { execFile, execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"

export interface Tried {
  readonly isRed: boolean
  readonly isLate: boolean
  readonly output: string
}

export interface Tree {
  readonly put: (file: string, text: string) => void
  readonly folder: string
  readonly run: (
    program: string,
    args: ReadonlyArray<string>,
    withinMs: number,
    variables?: Readonly<Record<string, string>>
  ) => Promise<Tried>
}

const copied = [
  "src",
  "simulator",
  "testkit",
  "test",
  "migrations",
  "docs",
  "demo",
  "bench",
  "ops",
  "console"
]
const files = ["package.json", "vitest.config.ts", "tsconfig.json", "README.md", "CONTRIBUTING.md"]

const maxBuffer = 64_000_000

/** Made anew each time: what is tried is the code as it is now. */
export const makeTree = (folder: string): Tree => {
  Fs.rmSync(folder, { recursive: true, force: true })
  Fs.mkdirSync(folder, { recursive: true })
  for (const name of [...copied, ...files]) {
    if (Fs.existsSync(name)) execFileSync("cp", ["-a", name, folder])
  }
  Fs.symlinkSync(Path.resolve("node_modules"), Path.join(folder, "node_modules"))
  // The same Node for all that is started in it, whatever the machine has.
  const PATH = `${Path.dirname(process.execPath)}${Path.delimiter}${process.env["PATH"]}`
  const env = { ...process.env, PATH }
  return {
    put: (file, text) => Fs.writeFileSync(Path.join(folder, file), text),
    folder,
    run: (program, args, withinMs, variables = {}) =>
      new Promise((resolve) => {
        execFile(
          program,
          args,
          { cwd: folder, env: { ...env, ...variables }, timeout: withinMs, maxBuffer },
          (error, out, err) => {
            resolve({ isRed: error !== null, isLate: error?.killed === true, output: `${out}\n${err}` })
          }
        )
      })
  }
}
