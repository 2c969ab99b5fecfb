// A simulated operating-system process: whatever runs in it enters through here. Frozen, it runs nothing
// and later everything, in order, as after SIGSTOP and SIGCONT; killed, it never runs anything again and
// no finalizer of it is heard of, as after SIGKILL.

export type ProcessState = "running" | "frozen" | "dead"

export class Process {
  readonly name: string
  #state: ProcessState = "running"
  #backlog: Array<() => void> = []

  constructor(name: string) {
    this.name = name
  }

  get state(): ProcessState {
    return this.#state
  }

  enter(run: () => void): void {
    if (this.#state === "running") run()
    else if (this.#state === "frozen") this.#backlog.push(run)
  }

  freeze(): void {
    if (this.#state === "running") this.#state = "frozen"
  }

  /** Call it from outside: everything that piled up runs now. */
  wake(): void {
    if (this.#state !== "frozen") return
    this.#state = "running"
    const backlog = this.#backlog
    this.#backlog = []
    // What piled up may freeze or kill the process again.
    for (const run of backlog) this.enter(run)
  }

  kill(): void {
    this.#state = "dead"
    this.#backlog = []
  }
}
