// In which order a server starts and stops, as its log tells it: the same for every platform. A part begins
// to stop when the one above it is through, or has used up its budget (services/platform/part.ts).

export const expectedSteps = [
  "started database",
  "started stores",
  "started availability",
  "started cluster",
  "started actors",
  "started internal listener",
  "started public listener",
  "started traffic",
  "stopping traffic",
  "stopping public listener",
  "stopping internal listener",
  "stopping actors",
  "stopping cluster",
  "stopping availability",
  "stopping stores",
  "stopping database"
]

const parts = /^(started|stopping) (database|stores|availability|cluster|actors|\w+ listener|traffic)$/

export const stepsIn = (lines: ReadonlyArray<string>) => lines.filter((line) => parts.test(line))
