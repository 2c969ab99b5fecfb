// The built-in provider's page, in development only: where `checkout_url` leads. It says to the server what a
// real provider's webhook would: paid, paid twice, another amount, failed, paid too late.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerError } from "effect/http/HttpServerError"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Requests } from "../../actors/session/requests.ts"
import { refuse } from "../../domain/refusal.ts"
import { type Payment, Payments } from "../../services/payments/payments.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import type { Unavailable } from "../../services/platform/unavailable.ts"
import { refusalResponse, tryAgainResponse } from "../refusal-response.ts"
import type { Order } from "./checkout-curl.ts"

export const checkoutPath = "/checkout"

const headers = {
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  // An app's view that shows a page of elsewhere need not say which.
  "referrer-policy": "no-referrer"
}

const patience = "10 seconds"

const choices = {
  pay: "Pay",
  twice: "Pay twice",
  wrong: "Wrong amount",
  fail: "Fail",
  late: "Pay late"
} as const
type Choice = keyof typeof choices
type CurlOf = (order: Order) => string

const isChoice = (text: string | undefined): text is Choice => text !== undefined && text in choices

const style = `body{font:16px/1.5 system-ui,sans-serif;background:#f6f6f9;color:#222;display:grid;
place-items:center;min-height:100vh;margin:0}main{background:#fff;border:1px solid #e4e4ea;border-radius:12px;
padding:28px;width:min(440px,90vw)}h1{font-size:1.2rem;margin:0}b{font-size:1.6rem}form{display:grid;gap:8px}
button{font:inherit;padding:10px;border:1px solid #cfcfd8;border-radius:8px;background:#fff;cursor:pointer}
button[value=pay]{background:#6741d9;border-color:#6741d9;color:#fff}pre{white-space:pre-wrap;font-size:12px;
word-break:break-all;background:#f6f6f9;padding:10px;border-radius:8px}p{color:#54595f}`

const rupiah = (idr: number): string => `Rp ${String(idr).replaceAll(/\B(?=(\d{3})+$)/g, ".")}`

/** Nothing in it is anybody's text: an id, amounts, a status. */
const pageOf = ({ amount_idr, id, status }: Payment, said: string | null, curlOf: CurlOf) =>
  HttpServerResponse.text(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Checkout (development)</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style><main>
<h1>The built-in payment provider</h1><p>Only in development: no money moves.</p>
<p><b>${rupiah(amount_idr)}</b><br>payment ${id}<br>now ${status}</p>
${said === null ? "" : `<p role="status"><strong>${said}</strong></p>`}
<form method="post" action="${checkoutPath}/${id}">${
      Object.entries(choices).map(([value, label]) => `<button name="say" value="${value}">${label}</button>`)
        .join("")
    }</form>
<p>The same from a terminal:</p><pre>${curlOf({ payment_id: id, amount_idr })}</pre></main></html>`,
    { contentType: "text/html; charset=utf-8", headers }
  )

const say = Effect.fnUntraced(function*({ amount_idr, expires_at, id: payment_id }: Payment, choice: Choice) {
  const requests = yield* Requests
  const paid = (provider_ref: string, amount = amount_idr) =>
    requests.confirmPaid({ payment_id, amount_idr: amount, provider_ref })
  switch (choice) {
    case "pay":
      return `paid: ${yield* paid("page")}`
    case "twice":
      return `paid: ${yield* paid("page")}, and again with other money: ${yield* paid("page-again")}`
    case "wrong":
      return `paid one rupiah too much: ${yield* paid("page", amount_idr + 1)}`
    case "fail":
      return "failed: a provider's webhook that says so changes nothing, the payment runs out by itself"
    case "late": {
      const now = yield* Clock.currentTimeMillis
      yield* (yield* Payments).checked(payment_id, null, Math.max(now, expires_at + 1))
      return `ran out, and was paid all the same: ${yield* paid("page")}`
    }
  }
})

const unknown = refusalResponse(refuse("PAYMENT_NOT_FOUND", "There is no such payment."), 404)
const unreadable = refusalResponse(refuse("BAD_REQUEST", "The form could not be read."), 400)
const later = Effect.succeed(tryAgainResponse("This is not possible right now. Please try again.", 1000))

export const layer = (curlOf: CurlOf) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const context = yield* Effect.context<Payments | Requests>()
    const answered = Effect.fnUntraced(function*(choice: Choice | null) {
      const { id = "" } = yield* HttpRouter.params
      const payment = yield* (yield* Payments).find(id)
      if (payment === null) return unknown
      const said = choice === null ? null : yield* say(payment, choice)
      return pageOf((yield* (yield* Payments).find(id)) ?? payment, said, curlOf)
    })
    const bounded = <R>(
      answer: Effect.Effect<HttpServerResponse.HttpServerResponse, Unavailable | HttpServerError, R>
    ) =>
      answer.pipe(
        RealTime.timeoutOrElse({ duration: patience, orElse: () => later }),
        Effect.catch((error) => error._tag === "Unavailable" ? later : Effect.succeed(unreadable)),
        Effect.provideContext(context)
      )
    yield* router.add("GET", `${checkoutPath}/:id`, bounded(answered(null)))
    yield* router.add("POST", `${checkoutPath}/:id`, (request) =>
      bounded(Effect.gen(function*() {
        const form = new URLSearchParams(yield* request.text)
        const choice = form.get("say") ?? undefined
        return yield* answered(isChoice(choice) ? choice : null)
      })))
  }))
