// Who asked for a one-time code, so that only they can answer it. Codes of before, and of the version that
// runs beside this one during a deployment, do not say; they live five minutes.
import { runStatements } from "./run-statements.ts"

export default runStatements([`ALTER TABLE one_time_codes ADD COLUMN asked_by text`])
