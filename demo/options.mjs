// The command line of the demo: which server to play against, and what a development server expects.
import { flagsOf, numberOf, socketUrlOf } from "../testkit/command-line.mjs"

const options = {
  url: { type: "string" },
  "webhook-url": { type: "string" },
  "webhook-token": { type: "string", default: "dev-webhook-token" },
  "otp-code": { type: "string", default: "000000" },
  full: { type: "boolean", default: false },
  watch: { type: "boolean", default: false },
  seconds: { type: "string", default: "3600" },
  "internal-url": { type: "string" },
  "admin-email": { type: "string", default: "admin@halobestie.local" },
  "admin-password": { type: "string", default: "development-admin" }
}

export const usage = `npm run demo                                   start a server, play against it, stop it
npm run demo -- --url ws://host:port/ws        play against a server that is already up
  --webhook-url http://host:port               where its payment webhook listens (default: same host)
  --webhook-token <token>                      its PAYMENT_WEBHOOK_TOKEN (default: the development one)
  --otp-code <code>                            its OTP_DEV_CODE (default: 000000)
npm run demo -- --full                         the whole catalogue: after the four acts everything that may go
                                               otherwise; staff shorten waits and put the settings back
npm run demo -- --watch                        customers come and go, slowly, to be followed in the console of
                                               a server of its own, or, with --url, of that one
  --seconds 3600                               for so long, or until Ctrl-C
  --internal-url http://host:port              the server's internal listener (default: same host, port 3001)
  --admin-email, --admin-password              its first admin (default: the development ones)`

/** Where the server is that was named; null: none was. */
const addressed = (values) => {
  if (values.url === undefined) return null
  const url = socketUrlOf("--url", values.url)
  return {
    url: url.href,
    webhookUrl: values["webhook-url"] ?? `${url.protocol === "wss:" ? "https:" : "http:"}//${url.host}`,
    internalUrl: values["internal-url"] ?? `http://${url.hostname}:3001`
  }
}

export const optionsOf = (args) => {
  const values = flagsOf(args, options)
  if (values.watch && values.full) throw new Error("--watch and --full are two demos: choose one")
  return {
    server: addressed(values),
    full: values.full,
    watch: values.watch,
    seconds: numberOf("--seconds", values.seconds, 1),
    webhookToken: values["webhook-token"],
    otpCode: values["otp-code"],
    adminEmail: values["admin-email"],
    adminPassword: values["admin-password"]
  }
}
