// The clients of one run: so many customers and mitras, and one member of staff, each with PRNG streams of
// their own.
import * as Effect from "effect/Effect"
import { devCode } from "../server/runner.ts"
import type { Population, RunContext } from "../simulation.ts"
import { PhoneApp, type PhoneAppOptions, type Tokens } from "./phone-app.ts"
import type { CallFailure } from "./connection.ts"
import { type Customer, customerBegins } from "./customer.ts"
import { adminEmail, adminPassword, mitraPhone } from "./seed-data.ts"
import { defaultWorkload, type Workload } from "./workload.ts"
import { type Mitra, mitraBegins } from "./mitra.ts"
import { type Staff, staffBegins, staffWindsDown } from "./staff.ts"

type SignIn = PhoneAppOptions["signIn"]

const tokensFrom = (answer: Effect.Effect<unknown, CallFailure>) =>
  answer as Effect.Effect<Tokens, CallFailure>

const anonymously = (call_name: string): SignIn => (ask) =>
  tokensFrom(ask("auth.sign_in_anonymous", { call_name }))

const byCode = (phone: string): SignIn => (ask) =>
  tokensFrom(ask("auth.verify_code", { phone, user_type: "mitra", code: devCode }))

const byPassword: SignIn = (ask) =>
  Effect.map(ask("admin.sign_in", { email: adminEmail, password: adminPassword }), (answer) => ({
    access_token: answer["access_token"],
    refresh_token: null,
    user_id: answer["staff_id"]
  }))

const customerPhone = (index: number): string => `+6281300${String(index).padStart(6, "0")}`

const numbered = <A>(count: number, make: (index: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, index) => make(index + 1))

export const population = (workload: Workload = defaultWorkload) => (context: RunContext): Population => {
  const { options, watcher, world } = context
  let windingDown = false
  const isWindingDown = () => windingDown
  const appOf = (name: string, role: PhoneAppOptions["role"], signIn: SignIn) =>
    new PhoneApp({ world, name, role, watcher, signIn })
  const clientOf = (app: PhoneApp) => ({
    app,
    context,
    workload,
    prng: app.prng.split("decisions"),
    chances: app.prng.split("chances"),
    commands: new Map(),
    isWindingDown,
    unsent: new Map()
  })
  const mitras = numbered(options.mitras, (index): Mitra => ({
    ...clientOf(appOf(`mitra-${index}`, "mitra", byCode(mitraPhone(index)))),
    side: "mitra",
    shift: { ends_at: 0, pauses: [], drops_out_at: Infinity }
  }))
  const customers = numbered(options.customers, (index): Customer => ({
    ...clientOf(appOf(`customer-${index}`, "customer", anonymously(`Customer ${index}`))),
    side: "customer",
    phone: customerPhone(index),
    plan: { payment_id: null, session_id: null, asked: 0 },
    besties: new Set(),
    hasProvenPhone: false,
    isGone: false
  }))
  const staff: Staff = {
    app: appOf("staff-1", "staff", byPassword),
    context,
    workload,
    isWindingDown,
    deactivated: new Set()
  }
  return {
    apps: [...mitras, ...customers, staff].map(({ app }) => app),
    begin: () => {
      for (const mitra of mitras) mitraBegins(mitra)
      for (const customer of customers) customerBegins(customer)
      staffBegins(staff)
    },
    windDown: () => {
      windingDown = true
      staffWindsDown(staff)
    }
  }
}
