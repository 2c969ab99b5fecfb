// `npm run console:pictures`: puts two of the pictures that the console's test takes into docs/console,
// where the README shows them.
import { copyFileSync, mkdirSync } from "node:fs"

const from = new URL("../.data/console/", import.meta.url)
const to = new URL("../docs/console/", import.meta.url)

mkdirSync(to, { recursive: true })
for (const picture of ["now-light.png", "session-dark.png"]) {
  copyFileSync(new URL(picture, from), new URL(picture, to))
  console.log(`docs/console/${picture}`)
}
