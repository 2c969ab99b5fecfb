// The runner network behind a shared secret: TLS with a pre-shared key under both ends of a connection. A
// runner obeys whoever speaks to it, so only who knows RUNNER_SECRET gets as far as a first byte; both ends
// are proven, what is said is encrypted with keys of this connection only, and no certificate runs out.
import { NodeSocket, NodeSocketServer } from "@effect/platform-node"
import type { Layer } from "effect/Layer"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { RunnerAddress } from "effect/cluster"
import type { Socket, SocketServer } from "effect/socket"
import { type DerivedKey, derivedKeys } from "./derived-keys.ts"

/** With forward secrecy: a secret that leaks later opens nothing that was recorded before. */
const cipherSuite = {
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.2",
  ciphers: "ECDHE-PSK-CHACHA20-POLY1305"
} as const

/** A stranger's connection that says nothing is held no longer than this. */
const handshakeMaxMs = 5_000

/** The end that listens: whichever of the secrets the other end names. */
export const listenBehind = (
  secrets: Redacted.Redacted,
  address: { readonly host: string; readonly port: number }
): Layer<SocketServer.SocketServer, SocketServer.SocketServerError> => {
  const keys = new Map(derivedKeys(secrets, "runners").map(({ bytes, name }) => [name, bytes]))
  return NodeSocketServer.layerTls({
    ...cipherSuite,
    ...address,
    noDelay: true,
    handshakeTimeout: handshakeMaxMs,
    // No certificate and no tickets: the key is asked for on every connection.
    sessionTimeout: 1,
    pskCallback: (_socket, name) => keys.get(name) ?? null
  })
}

/** The end that connects: by the first secret, which the other end must know as well. */
export const connectBehind = (secrets: Redacted.Redacted) => {
  const [first] = derivedKeys(secrets, "runners") as [DerivedKey]
  return ({ host, port }: RunnerAddress.RunnerAddress): Effect.Effect<Socket.Socket> =>
    NodeSocket.makeTls({
      ...cipherSuite,
      host,
      port,
      openTimeout: 1000,
      timeout: 5500,
      noDelay: true,
      pskCallback: () => ({ psk: first.bytes, identity: first.name }),
      // Whoever knows the key is a runner, whatever it is called.
      checkServerIdentity: () => undefined
    })
}
