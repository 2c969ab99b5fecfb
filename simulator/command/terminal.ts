// What the commands of the simulator say: results on the output, progress on the error stream.
export const say = (text: string) => process.stdout.write(`${text}\n`)

/** On a terminal each line takes the place of the last one. */
export const progress = (text: string) =>
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`)

export const endProgress = () => {
  if (process.stderr.isTTY) process.stderr.write("\n")
}

/** A run never yields the thread, so no handler would run: a signal ends the process, as by default. */
export const leaveSignalsToSystem = () => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal)
}
