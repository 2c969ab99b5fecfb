// What an operator is told at the start because it is probably not meant, though it may be.
import type { ServerConfigValues } from "../config/server-config.ts"
import { stopBoundWarning } from "./stop-bound.ts"

const proxyWarning = ({ production, trusted_proxy_hops }: ServerConfigValues): string | null =>
  production && trusted_proxy_hops === 0
    ? "TRUSTED_PROXY_HOPS is 0: right only when phones connect straight to this server. Behind a " +
      "balancer they all share the limits of its address."
    : null

export const startWarnings = (config: ServerConfigValues): ReadonlyArray<string> =>
  [stopBoundWarning(config), proxyWarning(config)].filter((warning) => warning !== null)
