// The runner network behind a shared secret: TLS with a pre-shared key under both ends of a connection. A
// runner obeys whoever speaks to it, so only who knows RUNNER_SECRET gets as far as a first byte; both ends
// are proven, what is said is encrypted with keys of this connection only, and no certificate runs out.
import { connect as connectTcp } from "node:net"
import { connect as connectTls } from "node:tls"
import { NodeSocket, NodeSocketServer } from "@effect/platform-node"
import * as Effect from "effect/Effect"
import type { Layer } from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type { RunnerAddress } from "effect/cluster"
import { Socket, type SocketServer } from "effect/socket"
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

/** Nagle's waiting would cost 40 ms a message: the driver's own TLS connection cannot be told. */
const open = (to: RunnerAddress.RunnerAddress, key: DerivedKey) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const tcp = connectTcp({ host: to.host, port: to.port, noDelay: true })
      const tls = connectTls({
        ...cipherSuite,
        socket: tcp,
        pskCallback: () => ({ psk: key.bytes, identity: key.name }),
        // Whoever knows the key is a runner, whatever it is called.
        checkServerIdentity: () => undefined
      })
      tcp.on("error", (error) => tls.destroy(error))
      return tls
    }),
    (tls) => Effect.sync(() => tls.destroySoon())
  ).pipe(Effect.tap((tls) =>
    Effect.callback<void, Socket.SocketError>((resume) => {
      tls.once("secureConnect", () => resume(Effect.void))
      tls.on("error", (cause) =>
        resume(Effect.fail(
          new Socket.SocketError({ reason: new Socket.SocketOpenError({ kind: "Unknown", cause }) })
        )))
    })
  ))

/** The end that connects: by the first secret, which the other end must know as well. */
export const connectBehind = (secrets: Redacted.Redacted) => {
  const [first] = derivedKeys(secrets, "runners") as [DerivedKey]
  return (to: RunnerAddress.RunnerAddress): Effect.Effect<Socket.Socket> =>
    NodeSocket.fromDuplex(open(to, first), { openTimeout: 1000 })
}
