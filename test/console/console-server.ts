// A server with its console, a browser, and staff who sign in: the beginning of every test of the console.
// Servers are slow to start, so the tests of a file share one; each closes the pages it opened.
import { layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { launched, type Opened, openPage } from "../support/chromium.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { admin, type ServerProcess, startServer } from "../support/server-process.ts"
import { adminCall, signInAdmin } from "../system/staff.ts"

export { admin }

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
  let token = yield* Effect.promise(() => signInAdmin(server))
  const made: Stage = {
    server,
    browser,
    databaseUrl,
    // Where the clock is moved by hours, the sign-in of before is over.
    call: (tag, payload = {}) =>
      adminCall(server, token, tag, payload).catch(async (error: Error) => {
        if (!error.message.endsWith("TOKEN_EXPIRED")) throw error
        token = await signInAdmin(server)
        return adminCall(server, token, tag, payload)
      }),
    signedIn: async (account = admin, options = {}) => {
      const opened = await openPage(browser, server.internalUrl, options)
      await signIn(opened.page, account)
      await opened.page.getByRole("heading", { name: "Now" }).waitFor()
      return opened
    }
  }
  return made
})

class Shared extends Context.Service<Shared, Stage>()("test/console/Shared") {}

/** Tests that share one: what one of them leaves behind, the next ones meet. */
export const onOneServer = (environment: Readonly<Record<string, string>>) =>
  layer(Layer.effect(Shared)(stage(environment)), { timeout: "60 seconds", excludeTestServices: true })

/** A page that stays open goes on watching. */
export const closePages = ({ browser }: Stage) =>
  Effect.promise(() => Promise.all(browser.contexts().map((context) => context.close())))

export const played = (story: (stage: Stage) => Promise<void>) => () =>
  Effect.flatMap(
    Shared,
    (stage) => Effect.ensuring(Effect.promise(() => story(stage)), closePages(stage))
  )

/** Another page of the same console, without asking the server for it. */
export const visit = async (page: Page, ...parts: ReadonlyArray<string>): Promise<void> => {
  await page.goto(new URL(`#/${parts.join("/")}`, page.url()).href)
}
