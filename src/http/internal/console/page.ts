// The console on the internal listener: GET / and its files, with headers that let nothing foreign in: no
// inline script, no frame, no other origin. What is served is what was built; nothing is read per request.
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { type BuiltFile, builtFolder, readBuiltFiles } from "./built-files.ts"

/** Styles may be inline: the component library writes its theme's variables into the page. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join("; ")

const guards = {
  "content-security-policy": policy,
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin"
}

const encodingOf = (accepted: string): "br" | "gzip" | null =>
  /\bbr\b/.test(accepted) ? "br" : /\bgzip\b/.test(accepted) ? "gzip" : null

const answerWith = (file: BuiltFile) =>
  Effect.map(HttpServerRequest.HttpServerRequest, (request) => {
    const encoding = encodingOf(request.headers["accept-encoding"] ?? "")
    const bytes = encoding === "br" ? file.brotli : encoding === "gzip" ? file.gzip : file.plain
    return HttpServerResponse.uint8Array(bytes, {
      contentType: file.type,
      headers: {
        ...guards,
        "cache-control": file.is_immutable ? "public, max-age=31536000, immutable" : "no-store",
        vary: "accept-encoding",
        ...(encoding === null ? {} : { "content-encoding": encoding })
      }
    })
  })

const notBuilt = HttpServerResponse.text(
  "The console is not built. Run `npm run console` in the server's folder and start the server again.\n",
  { status: 503, headers: guards }
)

/** `folder` holds what was built. */
export const layer = (folder: string = builtFolder) =>
  HttpRouter.use((router) =>
    Effect.gen(function*() {
      const files = yield* Effect.sync(() => readBuiltFiles(folder))
      if (!files.has("/")) {
        yield* Effect.logWarning("the console is not built: run `npm run console`")
        yield* router.add("GET", "/", Effect.succeed(notBuilt))
      }
      for (const [path, file] of files) yield* router.add("GET", path as `/${string}`, answerWith(file))
    })
  )
