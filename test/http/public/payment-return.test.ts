// The page that a browser comes back to from the provider's: it always answers, and confirms nothing.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { layer } from "../../../src/http/public/payment-return.ts"

const ask = (path: string) =>
  Effect.gen(function*() {
    const app = yield* HttpRouter.toHttpEffect(layer)
    const request = HttpServerRequest.fromWeb(new Request(`http://localhost${path}`))
    const web = HttpServerResponse.toWeb(
      yield* Effect.provideService(app, HttpServerRequest.HttpServerRequest, request)
    )
    return {
      status: web.status,
      type: web.headers.get("content-type"),
      body: yield* Effect.promise(() => web.text())
    }
  }).pipe(Effect.scoped)

describe("the page after paying", () => {
  it.effect("answers under every path, and repeats nothing of it", () =>
    Effect.gen(function*() {
      for (
        const path of [
          "/payment/return/success",
          "/payment/return/failure?id=<script>",
          "/payment/return/a/b"
        ]
      ) {
        const { body, status, type } = yield* ask(path)
        assert.deepStrictEqual([status, type], [200, "text/html; charset=utf-8"], path)
        assert.notInclude(body, "script")
      }
    }))
})
