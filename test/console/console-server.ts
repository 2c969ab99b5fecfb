// A server with its console, a browser, and staff who sign in: the beginning of every test of the console.
import * as Effect from "effect/Effect"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { launched, type Opened, openPage } from "../support/chromium.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { type ServerProcess, startServer } from "../support/server-process.ts"
import { adminCall, signInAdmin } from "../system/staff.ts"

export const admin = { email: "admin@halobestie.local", password: "development-admin" }

export interface Stage {
  readonly server: ServerProcess
  readonly browser: Browser
  readonly databaseUrl: string
  /** One call as the admin, beside the page. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly call: (tag: string, payload?: object) => Promise<any>
  /** A page on which somebody has signed in. */
  readonly signedIn: (account?: typeof admin, options?: BrowserContextOptions) => Promise<Opened>
}

export const signIn = async (page: Page, account: typeof admin): Promise<void> => {
  await page.getByRole("textbox", { name: "Email" }).fill(account.email)
  await page.locator("input[type=password]").fill(account.password)
  await page.getByRole("button", { name: "Sign in" }).click()
}

export const stage = Effect.fnUntraced(function*(environment: Readonly<Record<string, string>> = {}) {
  const databaseUrl = yield* freshDatabaseUrl
  const server = yield* startServer(databaseUrl, environment)
  const browser = yield* launched
  const token = yield* Effect.promise(() => signInAdmin(server))
  const made: Stage = {
    server,
    browser,
    databaseUrl,
    call: (tag, payload = {}) => adminCall(server, token, tag, payload),
    signedIn: async (account = admin, options = {}) => {
      const opened = await openPage(browser, server.internalUrl, options)
      await signIn(opened.page, account)
      await opened.page.getByRole("heading", { name: "Now" }).waitFor()
      return opened
    }
  }
  return made
})

/** Another page of the same console, without asking the server for it. */
export const visit = async (page: Page, ...parts: ReadonlyArray<string>): Promise<void> => {
  await page.goto(new URL(`#/${parts.join("/")}`, page.url()).href)
}
