// A simulation that could not be run as asked, or that broke something: exit code 1, and the reason.
import * as Schema from "effect/Schema"

export class SimulationProblem extends Schema.TaggedError<SimulationProblem>()("SimulationProblem", {
  message: Schema.String
}) {}
