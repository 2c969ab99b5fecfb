// What the demo prints: one line per thing that happened, with the seconds since the start and who it
// happened to. Every step is named, bounded in time, and made of checks that can fail.

const started = performance.now()
const tally = { steps: 0, checks: 0 }

export class StepFailed extends Error {
  constructor(step, cause) {
    super(cause.message, { cause })
    this.step = step
  }
}

export const seconds = () => (performance.now() - started) / 1000

const line = (who, text) => {
  console.log(`${seconds().toFixed(2).padStart(7)} s  ${who.padEnd(7)} ${text}`)
}

export const say = (who, text) => line(who, text)

/** Fails the step unless `holds`; the sentence says what should have been true. */
export const check = (holds, sentence, given) => {
  tally.checks += 1
  if (!holds) throw new Error(given === undefined ? sentence : `${sentence}; given: ${JSON.stringify(given)}`)
}

export const same = (given, expected, sentence) => {
  const holds = JSON.stringify(given) === JSON.stringify(expected)
  check(holds, `${sentence}; expected ${JSON.stringify(expected)}`, given)
}

/** Waits for a refusal with this code; anything else fails the step. */
export const refused = async (call, code, sentence) => {
  const outcome = await call.then(() => "a yes", (error) => error)
  check(outcome.code === code, `${sentence} (${code})`, outcome.message ?? outcome)
  return outcome
}

export const step = async (name, run, timeoutMs = 25_000) => {
  tally.steps += 1
  console.log(`\n${String(tally.steps).padStart(2)}. ${name}`)
  let timer
  const overdue = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([run(), overdue])
  } catch (cause) {
    throw new StepFailed(name, cause)
  } finally {
    clearTimeout(timer)
  }
}

export const summary = () => `${tally.steps} steps, ${tally.checks} checks, ${seconds().toFixed(1)} s`
