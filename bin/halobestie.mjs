#!/usr/bin/env node
// The command line for any Node from 20 on: `src/cli.ts` needs the pinned one, which reads TypeScript, so
// this runs it there. What it cannot do it says in one line.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const node = at("../node_modules/node/bin/node")

if (!existsSync(node)) {
  console.error("halobestie: the pinned Node is not installed. Run `npm ci` first.")
  process.exit(1)
}
const child = spawn(node, [at("../src/cli.ts"), ...process.argv.slice(2)], { stdio: "inherit" })
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal))
child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)))
