// The public listener: the phones' socket, two probes for load balancers and supervisors of the process, and
// the routes given by others (payment webhooks).
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type { Rpc } from "effect/rpc"
import { layerListener, type ListenerOptions } from "../listener.ts"
import { Readiness } from "../readiness.ts"

/** Alive: this process answers. It says nothing about what it depends on. */
const healthz = HttpServerResponse.jsonUnsafe({ status: "alive" })

const makeReadyz = Effect.map(
  Readiness,
  (readiness) =>
    Effect.map(Effect.all([readiness.reasons, readiness.details]), ([reasons, details]) => {
      const [status] = reasons
      return status === undefined
        ? HttpServerResponse.jsonUnsafe({ status: "ready" })
        : HttpServerResponse.jsonUnsafe(
          Object.keys(details).length === 0 ? { status, reasons } : { status, reasons, details },
          { status: 503, headers: { "retry-after": "1" } }
        )
    })
)

/** For both listeners. */
export const layerProbes = HttpRouter.use((router) =>
  Effect.gen(function*() {
    yield* router.add("GET", "/healthz", Effect.succeed(healthz))
    yield* router.add("GET", "/readyz", yield* makeReadyz)
  })
)

/** On a stop, balancers and phones hear "draining" before anything is closed. */
const layerAnnounceDrain = Layer.effectDiscard(
  Effect.flatMap(Readiness, (readiness) => Effect.addFinalizer(() => readiness.raise("draining")))
)

export const layerPublic = <Rpcs extends Rpc.Any, A, E, R>(
  options: Omit<ListenerOptions<Rpcs, A, E, R>, "path">
) =>
  layerAnnounceDrain.pipe(
    Layer.provideMerge(
      layerListener({ ...options, path: "/ws", routes: Layer.mergeAll(options.routes, layerProbes) })
    )
  )
