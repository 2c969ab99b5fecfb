// A real browser for the console's tests: Debian's Chromium, driven by playwright-core. Each page is its own
// browser context; anything that it logs as an error fails the test.
import { execFileSync } from "node:child_process"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import * as Effect from "effect/Effect"

const program = "/usr/bin/chromium"

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]

/** Its own shell script says something about memory, which is no error. */
export const chromiumVersion = (): string =>
  execFileSync(program, ["--version", "--no-sandbox"], { encoding: "utf8", stdio: "pipe" }).trim()

export const launched = Effect.acquireRelease(
  Effect.promise(() => chromium.launch({ executablePath: program, args: flags, headless: true })),
  (browser) => Effect.promise(() => browser.close())
)

export interface Opened {
  readonly page: Page
  /** What the page complained about: nothing, in a good one. */
  readonly errors: ReadonlyArray<string>
}

/** Lost connections are said on the page; the browser logs them as errors of its own. */
const isOwn = (text: string): boolean => !/WebSocket (connection to|is already in)|net::ERR_/.test(text)

export const openPage = async (
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {}
): Promise<Opened> => {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    // Nothing is waited for that only moves, and no picture is taken of it.
    reducedMotion: "reduce",
    ...options
  })
  const page = await context.newPage()
  const errors: Array<string> = []
  page.on("pageerror", (error) => errors.push(error.message))
  page.on("console", (message) => {
    if (message.type() === "error" && isOwn(message.text())) errors.push(message.text())
  })
  page.setDefaultTimeout(20_000)
  await page.goto(url)
  return { page, errors }
}
