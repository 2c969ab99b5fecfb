// Where a machine has its Valkey. Redis is as good: same protocol, same scripts.
import * as Fs from "node:fs"
import * as Path from "node:path"

const programs = ["valkey-server", "redis-server"]

/** Its path; null where there is none. */
export const valkeyOnPath = (): string | null => {
  const folders = [...(process.env["PATH"] ?? "").split(Path.delimiter), "/usr/sbin", "/usr/local/bin"]
  return programs
    .flatMap((program) => folders.map((folder) => Path.join(folder, program)))
    .find((path) => Fs.existsSync(path)) ?? null
}
