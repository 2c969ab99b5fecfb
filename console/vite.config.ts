// How the console is built: one page, its scripts and styles under /assets, nothing from anywhere else. The
// output is what the internal listener serves (src/http/internal/console).
import { defineConfig } from "vite"

export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  logLevel: "warn",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // Those that know light-dark() themselves: rewritten for older ones it would not follow the library's
    // schemes.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // Inline images would need a wider content policy, and save one request.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    // The library marks every file for React servers, which this is not: thousands of warnings.
    rolldownOptions: {
      onwarn: (warning, warn) => {
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning)
      }
    }
  }
})
