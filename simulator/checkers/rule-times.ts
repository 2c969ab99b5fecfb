// How long each rule of the checker takes, in the machine's own time: for who looks for the dear ones. The
// clock is read twice for every call of a rule, so the sum is more than the rules cost without it.
import { stopwatch } from "../run/stopwatch.ts"
import type { MakeRule, Rule } from "./rule.ts"

type Listener = (...args: ReadonlyArray<any>) => void

export class RuleTimes {
  readonly #ms = new Map<string, number>()
  readonly #elapsed = stopwatch()

  /** Dearest first. */
  get dearest(): ReadonlyArray<readonly [rule: string, ms: number]> {
    return [...this.#ms].toSorted(([, a], [, b]) => b - a)
  }

  timed(rules: Readonly<Record<string, MakeRule>>): Readonly<Record<string, MakeRule>> {
    return Object.fromEntries(
      Object.entries(rules).map(([name, make]): [string, MakeRule] => [
        name,
        (context, complain) => this.#timedRule(name, make(context, complain))
      ])
    )
  }

  #timedRule(name: string, rule: Rule): Rule {
    const timed =
      <Args extends ReadonlyArray<any>>(run: (...args: Args) => void) => (...args: Args): void => {
        const began = this.#elapsed()
        run(...args)
        this.#ms.set(name, (this.#ms.get(name) ?? 0) + this.#elapsed() - began)
      }
    const { rows, ...others } = rule
    const watched = rows === undefined ? {} : {
      rows: Object.fromEntries(
        Object.entries(rows).map(([table, listen]) => [table, timed(listen as Listener)])
      )
    }
    return {
      ...watched,
      ...Object.fromEntries(Object.entries(others).map(([key, run]) => [key, timed(run as Listener)]))
    }
  }
}
