// Log lines on their way out: those of one turn of the event loop leave in one write, because a write is a
// system call that waits, and phones come and go by the hundred.

interface Out {
  readonly write: (text: string) => unknown
}

/** What is still held when the process exits goes out before it does. */
export const makeLines = (out: Out, onExit: (last: () => void) => void): (line: string) => void => {
  let held = ""
  const flush = (): void => {
    if (held === "") return
    const text = held
    held = ""
    out.write(text)
  }
  onExit(flush)
  return (line) => {
    if (held === "") setImmediate(flush)
    held += `${line}\n`
  }
}
