// Loaded before all else by the command line: Effect carries Node's async context over every suspension of
// every fiber, a tenth of what a message costs, and nothing here uses it. Effect asks for it once, when it is
// loaded, and goes without where it is not there.
const { getBuiltinModule } = process
Object.assign(process, { getBuiltinModule: undefined })

/** Whoever asks later gets it. */
export const effectIsLoaded = (): void => {
  Object.assign(process, { getBuiltinModule })
}
