// The HTTP client for one provider, with every answer counted by its class: the alert on a failing provider
// reads this.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { HttpClient } from "effect/http"
import { count } from "../../services/operations/figures.ts"

const outcomeOf = (status: number): string =>
  status >= 500 ? "server_error" : status === 429 ? "rate_limited" : status >= 400 ? "refused" : "answered"

export const countedHttpClient = (provider: "xendit" | "fazpass") =>
  Layer.effect(HttpClient.HttpClient)(
    Effect.map(HttpClient.HttpClient, (client) =>
      HttpClient.transformResponse(client, (asking) =>
        Effect.onExit(asking, (exit) =>
          Effect.sync(() => {
            const outcome = exit._tag === "Success" ? outcomeOf(exit.value.status) : "no_answer"
            count("provider_calls_total", [provider, outcome])
          }))))
  )
