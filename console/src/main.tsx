// Where the console begins in a browser: styles, theme, the stream of what is alive, and the app on the page.
import "@mantine/core/styles.css"
import "./look/console.css"
import { MantineProvider } from "@mantine/core"
import { createRoot } from "react-dom/client"
import { App } from "./app.tsx"
import { startWatching } from "./connection/live.ts"
import { startProlonging } from "./connection/prolong.ts"
import { theme } from "./look/theme.ts"

const root = document.getElementById("root")
if (root === null) throw new Error("the page has no root")

startWatching()
startProlonging()
createRoot(root).render(
  <MantineProvider theme={theme} defaultColorScheme="auto">
    <App />
  </MantineProvider>
)
