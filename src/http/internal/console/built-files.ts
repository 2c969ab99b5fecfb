// The console's built files, read once at the start: path, bytes, the same bytes compressed, type. Made by
// `npm run console` (and by `npm ci`); a server without them says so in place of the page.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { brotliCompressSync, constants, gzipSync } from "node:zlib"

export const builtFolder = fileURLToPath(new URL("../../../../console/dist", import.meta.url))

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  woff2: "font/woff2"
}

export interface BuiltFile {
  readonly type: string
  readonly plain: Uint8Array
  readonly gzip: Uint8Array
  readonly brotli: Uint8Array
  /** Its name changes with its content. */
  readonly is_immutable: boolean
}

const fileOf = (path: string, plain: Uint8Array): BuiltFile => ({
  type: types[path.split(".").at(-1) ?? ""] ?? "application/octet-stream",
  plain,
  gzip: gzipSync(plain),
  // The best there is takes seconds for a script; this is nearly as small.
  brotli: brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 7 } }),
  is_immutable: path.startsWith("/assets/")
})

/** By the path they are asked with; empty when nothing was built. */
export const readBuiltFiles = (folder: string): ReadonlyMap<string, BuiltFile> => {
  if (!existsSync(folder)) return new Map()
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  return new Map(paths.map((path) => {
    const asked = path.slice(folder.length).replaceAll("\\", "/")
    return [asked === "/index.html" ? "/" : asked, fileOf(asked, readFileSync(path))]
  }))
}
