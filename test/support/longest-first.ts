// Which test files begin first: the longest, or one core would wait for the other at the end of a run.
import { BaseSequencer, type TestSpecification } from "vitest/node"

const long = [/\.seeds\.ts$/, /failpoints/, /determinism/, /mutants/, /scenarios/, /bench\/peers\./]

const rankOf = ({ moduleId }: TestSpecification): number => {
  const index = long.findIndex((pattern) => pattern.test(moduleId))
  return index === -1 ? long.length : index
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    // Not the sort of an array: what the sequencer would have done without us.
    // oxlint-disable-next-line unicorn/no-array-sort
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b))
  }
}
