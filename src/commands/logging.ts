// Where log lines go: people read the development log, machines the production one, and a collector gets
// them too where one is configured. Lines that say at every start or stop that all is as it should be are
// left out: they teach people to ignore the log.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"
import { ServerConfig, type ServerConfigValues } from "../config/server-config.ts"
import { calm } from "./calm-log.ts"
import { valueOf } from "../services/operations/figures.ts"
import { IsTraced } from "../services/operations/spans.ts"
import { makeLines } from "./log-lines.ts"

const levels = { debug: "Debug", info: "Info", warn: "Warn", error: "Error" } as const

/** The cluster repeats what our own lines say: that the last runner leaves. */
export const isExpected = (message: string, isDraining: boolean): boolean =>
  isDraining && message === "No healthy runners available"

const textOf = (message: unknown): string => String(Array.isArray(message) ? message[0] : message)

const withoutExpected = <Output>(logger: Logger.Logger<unknown, Output>) =>
  Logger.make<unknown, Output | void>((options) =>
    isExpected(textOf(options.message), valueOf("draining") > 0) ? undefined : logger.log(options)
  )

/** As Effect's own for machines, with fewer writes. */
const jsonLines = (): Logger.Logger<unknown, void> => {
  const line = makeLines(process.stdout, (last) => process.on("exit", last))
  return Logger.map(Logger.formatJson, line)
}

/** Traces, metrics and logs by OTLP over HTTP, as JSON; nothing at all without an endpoint. */
const collector = (config: ServerConfigValues) =>
  config.otlp_endpoint === null ? Layer.empty : Layer.merge(
    Otlp.layerJson({
      baseUrl: config.otlp_endpoint,
      resource: {
        serviceName: "halobestie",
        attributes: { "service.instance.id": runnerOf(config) }
      },
      loggerMergeWithExisting: true
    }).pipe(Layer.provide(FetchHttpClient.layer)),
    Layer.succeed(IsTraced)(true)
  )

const runnerOf = ({ runner_host, runner_port }: ServerConfigValues): string => `${runner_host}:${runner_port}`

export const logging = Layer.unwrap(
  Effect.map(ServerConfig, (config) =>
    collector(config).pipe(
      Layer.provideMerge(
        Layer.mergeAll(
          Logger.layer([
            withoutExpected(calm(config.production ? jsonLines() : Logger.consolePretty()))
          ]),
          Layer.succeed(References.MinimumLogLevel)(levels[config.log_level as keyof typeof levels]),
          // Machines sort lines of many processes; a person sees only one.
          config.production
            ? Layer.succeed(References.CurrentLogAnnotations)({
              service: "halobestie",
              runner: runnerOf(config)
            })
            : Layer.empty
        )
      )
    ))
)
