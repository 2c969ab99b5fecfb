// Lists that come by page: what was read so far, and a button for the next page.
import { Button, Group } from "@mantine/core"
import { useEffect, useRef, useState } from "react"
import type { Problem } from "../connection/line.ts"
import { standing } from "../connection/sign-in.ts"
import { useStore } from "../connection/store.ts"
import { problemOf } from "../connection/use-call.ts"
import { useText } from "../text/catalogue.ts"

export interface Part<A> {
  readonly items: ReadonlyArray<A>
  readonly next: string | null
}

/** `key` names the list: another one begins from its first page. */
export function usePages<A>(key: string, read: (after: string | null) => Promise<Part<A>>) {
  const [items, setItems] = useState<ReadonlyArray<A> | null>(null)
  const [next, setNext] = useState<string | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [asked, setAsked] = useState(0)
  const { generation, phase } = useStore(standing)
  const newest = useRef(0)

  const load = async (after: string | null, before: ReadonlyArray<A>) => {
    newest.current += 1
    const mine = newest.current
    try {
      const part = await read(after)
      if (mine !== newest.current) return
      setItems([...before, ...part.items])
      setNext(part.next)
      setProblem(null)
    } catch (error) {
      if (mine === newest.current) setProblem(problemOf(error))
    }
  }
  useEffect(() => {
    if (phase === "ready") void load(null, [])
  }, [key, generation, phase, asked])
  return {
    items,
    next,
    problem,
    more: () => void load(next, items ?? []),
    reload: () => setAsked((count) => count + 1)
  }
}

export const More = ({ more, next }: { next: string | null; more: () => void }) => {
  const text = useText()
  return next === null
    ? null
    : (
      <Group justify="center" p="sm">
        <Button variant="default" size="xs" onClick={more}>{text.more}</Button>
      </Group>
    )
}
