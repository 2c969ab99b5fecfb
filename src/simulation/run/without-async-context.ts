// Loaded before everything else by `npm run simulate`. Effect carries Node's async context over every
// suspension of a fiber, at a tenth of a run's time; nothing in a world uses it. Effect asks for it once,
// when it is loaded, and goes without where it is not there.
Object.assign(process, { getBuiltinModule: undefined })
