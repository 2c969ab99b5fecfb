// A stand-in for Google: its token server and Firebase Cloud Messaging, over TLS under their own names,
// behind a proxy that leads every name to it. firebase-admin itself talks to it; nothing of it is replaced.
import { generateKeyPairSync } from "node:crypto"
import { EventEmitter, once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer as createHttpServer } from "node:http"
import { Agent, createServer, type AgentOptions } from "node:https"
import { type AddressInfo, connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect as connectTls } from "node:tls"
import * as Effect from "effect/Effect"
import { makeCertificate } from "./test-certificate.ts"

const projectId = "halobestie-test"
const hosts = ["fcm.googleapis.com", "oauth2.googleapis.com"]

/** One message as the provider got it. */
export interface Pushed {
  readonly authorization: string | undefined
  readonly path: string
  // The message as it came over the wire.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly message: any
}

export interface Answering {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** It is held back until then. */
  readonly after?: Promise<unknown>
}
/** "silence" never answers, "hang up" breaks the connection. */
export type Doing = Answering | "silence" | "hang up"

export const taken: Answering = { status: 200, body: { name: `projects/${projectId}/messages/1` } }

const fcmError = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
/** As Firebase writes its errors. */
export const refusal = (
  status: number,
  name: string,
  errorCode: string | null,
  message = "no"
): Answering => ({
  status,
  body: {
    error: {
      code: status,
      status: name,
      message,
      details: errorCode === null ? [] : [{ "@type": fcmError, errorCode }]
    }
  }
})

/** Made once: a key costs a second and more of a busy core, and one double's is as good as another's. */
const made: { key?: string; certificate?: ReturnType<typeof makeCertificate> } = {}
const privateKey = (): string =>
  made.key ??= generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
    type: "pkcs8",
    format: "pem"
  }).toString()
const certificate = () => made.certificate ??= makeCertificate(hosts)

const keyFile = () => ({
  type: "service_account",
  project_id: projectId,
  private_key_id: "1",
  private_key: privateKey(),
  client_email: `push@${projectId}.iam.gserviceaccount.com`,
  client_id: "1",
  token_uri: "https://oauth2.googleapis.com/token"
})

/** Leads a connection for any host to the double. */
class AgentTo extends Agent {
  readonly #port: number
  readonly #ca: string
  constructor(port: number, ca: string, options: AgentOptions = {}) {
    super(options)
    this.#port = port
    this.#ca = ca
  }
  override createConnection(options: { readonly servername?: string; readonly host?: string }) {
    const servername = options.servername ?? options.host ?? ""
    return connectTls({ host: "127.0.0.1", port: this.#port, servername, ca: this.#ca })
  }
}

const listening = async (server: ReturnType<typeof createHttpServer>): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return (server.address() as AddressInfo).port
}

const start = async (decide: (pushed: Pushed, nth: number) => Doing, signsIn: () => Doing) => {
  const { cert, key } = certificate()
  const pushed: Array<Pushed> = []
  const arrivals = new EventEmitter()
  const sockets = new Set<Socket>()
  const google = createServer({ cert, key }, (request, response) => {
    const parts: Array<Buffer> = []
    request.on("data", (part: Buffer) => parts.push(part))
    request.on("end", () => {
      const text = Buffer.concat(parts).toString("utf8")
      const isToken = request.headers.host?.startsWith("oauth2") === true
      const one = () => ({
        authorization: request.headers.authorization,
        path: request.url ?? "",
        message: JSON.parse(text).message
      })
      const doing = isToken ? signsIn() : decide(one(), pushed.push(one()))
      arrivals.emit("pushed")
      if (doing === "silence") return
      if (doing === "hang up") return void request.socket.destroy()
      const body = typeof doing.body === "string" ? doing.body : JSON.stringify(doing.body)
      const send = () =>
        response.writeHead(doing.status, { "content-type": "application/json", ...doing.headers }).end(body)
      if (doing.after === undefined) send()
      else void doing.after.then(send)
    })
  })
  const port = await listening(google)
  const proxy = createHttpServer().on("connect", (_request, socket: Socket) => {
    const on = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n")
      on.pipe(socket).pipe(on)
    })
    for (const each of [socket, on]) each.on("error", () => each.destroy())
    sockets.add(socket)
  })
  const proxyPort = await listening(proxy)
  const folder = mkdtempSync(join(tmpdir(), "halobestie-firebase-"))
  const path = join(folder, "service-account.json")
  writeFileSync(path, JSON.stringify(keyFile()))
  writeFileSync(join(folder, "ca.pem"), cert)
  const agent = new AgentTo(port, cert)
  const stop = async () => {
    agent.destroy()
    for (const socket of sockets) socket.destroy()
    google.closeAllConnections()
    await Promise.all([google, proxy].map((server) => new Promise((resolve) => server.close(resolve))))
    rmSync(folder, { recursive: true })
  }
  /** What a server process needs to meet the double where it looks for Google. */
  const environment = {
    FIREBASE_SERVICE_ACCOUNT_PATH: path,
    NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
    NODE_USE_ENV_PROXY: "1",
    HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`
  }
  /** The first message, of those so far and those to come, that is meant. */
  const arrival = async (isMeant: (one: Pushed) => boolean, ms = 20_000): Promise<Pushed> => {
    const late = AbortSignal.timeout(ms)
    for (;;) {
      const found = pushed.find(isMeant)
      if (found !== undefined) return found
      await once(arrivals, "pushed", { signal: late })
    }
  }
  return { pushed, arrival, agent, service_account_path: path, environment, stop }
}

const goodToken = (): Doing => ({
  status: 200,
  body: { access_token: "an-access-token", expires_in: 3600, token_type: "Bearer" }
})

/** Until the scope closes. `decide` is asked for every message. */
export const firebaseDouble = (decide: (pushed: Pushed, nth: number) => Doing, signsIn = goodToken) =>
  Effect.acquireRelease(
    Effect.promise(() => start(decide, signsIn)),
    ({ stop }) => Effect.promise(stop)
  )
