// GET /payment/return/*: where the payment provider's page sends a browser afterwards. It says to go back to
// the app and nothing else: only the provider's own word confirms a payment, so nothing is read here.
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

export const paymentReturnPath = "/payment/return/*"

const page = `<!doctype html>
<html lang="id">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Halobestie</title>
<p>Silakan kembali ke aplikasi Halobestie. Status pembayaranmu tampil di sana.</p>
<p>Please return to the Halobestie app. It shows where your payment stands.</p>
</html>
`

const answer = HttpServerResponse.text(page, {
  contentType: "text/html; charset=utf-8",
  headers: {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'",
    "referrer-policy": "no-referrer"
  }
})

export const layer = HttpRouter.use((router) => router.add("GET", paymentReturnPath, Effect.succeed(answer)))
