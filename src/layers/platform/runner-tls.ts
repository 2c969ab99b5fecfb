// The runner network behind a shared secret: TLS with a pre-shared key under both ends of a connection. A
// runner obeys whoever speaks to it, so only who knows RUNNER_SECRET gets as far as a first byte; both ends
// are proven, what is said is encrypted with keys of this connection only, and no certificate runs out.
import type * as Net from "node:net"
import { connect as connectTls, type TlsOptions } from "node:tls"
import type * as Redacted from "effect/Redacted"
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
export const listeningBehind = (secrets: Redacted.Redacted): TlsOptions => {
  const keys = new Map(derivedKeys(secrets, "runners").map(({ bytes, name }) => [name, bytes]))
  return {
    ...cipherSuite,
    handshakeTimeout: handshakeMaxMs,
    // No certificate and no tickets: the key is asked for on every connection.
    sessionTimeout: 1,
    pskCallback: (_socket, name) => keys.get(name) ?? null
  }
}

/**
 * The end that connects: by the first secret, which the other end must know as well. Over a TCP connection of
 * ours, because the driver's own cannot be told not to wait 40 ms for a message to grow (Nagle).
 */
export const connectingBehind = (secrets: Redacted.Redacted) => {
  const [key] = derivedKeys(secrets, "runners") as [DerivedKey]
  return (tcp: Net.Socket): Net.Socket => {
    const tls = connectTls({
      ...cipherSuite,
      socket: tcp,
      pskCallback: () => ({ psk: key.bytes, identity: key.name }),
      // Whoever knows the key is a runner, whatever it is called.
      checkServerIdentity: () => undefined
    })
    tcp.on("error", (error) => tls.destroy(error))
    return tls
  }
}
