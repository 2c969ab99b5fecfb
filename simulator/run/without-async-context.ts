// Loaded before everything else by `npm run simulate`: switches off what a world pays for and has no use of.
import { setFlagsFromString } from "node:v8"

// Effect carries Node's async context over every suspension of a fiber, at a tenth of a run's time; nothing
// in a world uses it. Effect asks for it once, when it is loaded, and goes without where it is not there.
Object.assign(process, { getBuiltinModule: undefined })

// Whether objects are allocated among the old is guessed from those that were made in the same place before.
// A world's start makes thousands that live for hours; from then on what a step makes would lie among the
// old as well, and keep all that it points to alive until the next full collection.
setFlagsFromString("--no-allocation-site-pretenuring")
