// Everybody of one run: so many customers and mitras, and one member of staff, each with their own luck.
import * as Effect from "effect/Effect"
import { devCode } from "../server/runner.ts"
import type { Population, Stage } from "../simulation.ts"
import { App, type AppOptions, type Tokens } from "./phone-app.ts"
import type { CallFailure } from "./connection.ts"
import { type Customer, customerBegins } from "./customer.ts"
import { adminEmail, adminPassword, mitraPhone } from "./seed-data.ts"
import { defaultHabits, type Habits } from "./workload.ts"
import { type Mitra, mitraBegins } from "./mitra.ts"
import { type Staff, staffBegins, staffSettles } from "./staff.ts"

type SignIn = AppOptions["signIn"]

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

export const population = (habits: Habits = defaultHabits) => (stage: Stage): Population => {
  const { options, watcher, world } = stage
  let settled = false
  const isSettled = () => settled
  const appOf = (name: string, role: AppOptions["role"], signIn: SignIn) =>
    new App({ world, name, role, watcher, signIn })
  const personOf = (app: App) => ({
    app,
    stage,
    habits,
    dice: app.dice.split("decisions"),
    isSettled,
    unsent: new Map()
  })
  const mitras = numbered(options.mitras, (index): Mitra => ({
    ...personOf(appOf(`mitra-${index}`, "mitra", byCode(mitraPhone(index)))),
    side: "mitra",
    shift: { ends_at: 0, pauses: [], drops_out_at: Infinity }
  }))
  const customers = numbered(options.customers, (index): Customer => ({
    ...personOf(appOf(`customer-${index}`, "customer", anonymously(`Customer ${index}`))),
    side: "customer",
    phone: customerPhone(index),
    plan: { payment_id: null, session_id: null, asked: 0 },
    besties: new Set(),
    hasProvenPhone: false
  }))
  const staff: Staff = {
    app: appOf("staff-1", "staff", byPassword),
    stage,
    habits,
    isSettled,
    deactivated: new Set()
  }
  return {
    apps: [...mitras, ...customers, staff].map(({ app }) => app),
    begin: () => {
      for (const mitra of mitras) mitraBegins(mitra)
      for (const customer of customers) customerBegins(customer)
      staffBegins(staff)
    },
    settle: () => {
      settled = true
      staffSettles(staff)
    }
  }
}
