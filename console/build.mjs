// Builds the console, as `npm ci` (prepare) and `npm run console` do. Where only production's packages are
// installed there is nothing to build with: the image brings the built files along.
// The page is React's production build, whoever builds it: a test runner says otherwise.
process.env["NODE_ENV"] = "production"

let build
try {
  ;({ build } = await import("vite"))
} catch {
  console.log("console: not built, because vite is not installed")
}

if (build !== undefined) {
  const began = performance.now()
  await build({ configFile: new URL("vite.config.ts", import.meta.url).pathname })
  console.log(`console: built in ${Math.round(performance.now() - began)} ms`)
}
