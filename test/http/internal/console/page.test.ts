// The console's page as a browser gets it: what was built, compressed where that is understood, and headers
// that let nothing foreign in.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { brotliDecompressSync, gunzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as ConsolePage from "../../../../src/http/internal/console/page.ts"
import { layerJsonErrors } from "../../../../src/http/refusal-response.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "halobestie-console-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const page = "<!doctype html><script type=module src=/assets/a.js></script>"

const askingOf = (built: string) => {
  const app = Layer.merge(ConsolePage.layer(built), layerJsonErrors)
  const { handler } = HttpRouter.toWebHandler(app, { disableLogger: true })
  return (path: string, accepted = "") =>
    Effect.promise(() =>
      handler(new Request(`http://localhost${path}`, { headers: { "accept-encoding": accepted } }))
    )
}

const bytesOf = (response: Response) => Effect.promise(async () => Buffer.from(await response.arrayBuffer()))

describe("the console's page", () => {
  it.effect("is what was built, plain or compressed, with headers that let nothing foreign in", () =>
    Effect.scoped(Effect.gen(function*() {
      const built = yield* folder
      mkdirSync(join(built, "assets"))
      writeFileSync(join(built, "index.html"), page)
      writeFileSync(join(built, "assets/a.js"), "console.log(1)")
      const ask = askingOf(built)
      const plain = yield* ask("/")
      assert.strictEqual((yield* bytesOf(plain)).toString(), page)
      const policy = plain.headers.get("content-security-policy") ?? ""
      assert.include(policy, "script-src 'self';")
      assert.include(policy, "frame-ancestors 'none'")
      assert.strictEqual(plain.headers.get("x-frame-options"), "DENY")
      assert.strictEqual(plain.headers.get("x-content-type-options"), "nosniff")
      assert.strictEqual(plain.headers.get("cache-control"), "no-store")
      const small = yield* ask("/", "gzip, deflate, br")
      assert.strictEqual(small.headers.get("content-encoding"), "br")
      assert.strictEqual(brotliDecompressSync(yield* bytesOf(small)).toString(), page)
      assert.strictEqual(gunzipSync(yield* bytesOf(yield* ask("/", "gzip"))).toString(), page)
      const script = yield* ask("/assets/a.js")
      assert.include(script.headers.get("content-type") ?? "", "text/javascript")
      assert.include(script.headers.get("cache-control") ?? "", "immutable")
    })))

  it.effect("is made of those files and of no others", () =>
    Effect.scoped(Effect.gen(function*() {
      const built = yield* folder
      writeFileSync(join(built, "index.html"), page)
      const ask = askingOf(built)
      for (const path of ["/index.html", "/assets/", "/../package.json", "/%2e%2e/package.json", "/.env"]) {
        assert.strictEqual((yield* ask(path)).status, 404, path)
      }
    })))

  it.effect("says how to build it where nothing was built", () =>
    Effect.gen(function*() {
      const answer = yield* askingOf("/nowhere")("/")
      assert.strictEqual(answer.status, 503)
      assert.include((yield* bytesOf(answer)).toString(), "npm run console")
    }))
})
