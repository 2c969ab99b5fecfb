// Reading in a component: asked when shown, again when its payload changes, when the line is a new one, and
// when somebody asks for it. What was read stays while newer is on its way.
import { useCallback, useEffect, useRef, useState } from "react"
import type { AnswerOf, PayloadOf, Tag } from "./line.ts"
import { Problem } from "./line.ts"
import { call, standing } from "./sign-in.ts"
import { useStore } from "./store.ts"

export interface Reading<A> {
  readonly data: A | null
  readonly problem: Problem | null
  readonly isLoading: boolean
  readonly reload: () => void
}

export const problemOf = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem("BROKEN_PAGE", String(error))

/** `payload` null: not asked yet. `every`: also so often, in milliseconds. */
export const useCall = <T extends Tag>(
  tag: T,
  payload: PayloadOf<T> | null,
  every: number | null = null
): Reading<AnswerOf<T>> => {
  const [data, setData] = useState<unknown>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isLoading, setLoading] = useState(payload !== null)
  const [asked, setAsked] = useState(0)
  const { generation, phase } = useStore(standing)
  const key = JSON.stringify(payload)
  const newest = useRef(0)

  useEffect(() => {
    if (payload === null || phase !== "ready") return
    newest.current += 1
    const mine = newest.current
    const isNewest = () => mine === newest.current
    setLoading(true)
    call(tag, payload).then((answer) => {
      if (!isNewest()) return
      setData(answer)
      setProblem(null)
      setLoading(false)
    }, (error: unknown) => {
      if (!isNewest()) return
      setProblem(problemOf(error))
      setLoading(false)
    })
  }, [tag, key, generation, phase, asked])

  const reload = useCallback(() => setAsked((count) => count + 1), [])
  useEffect(() => {
    if (every === null) return
    const timer = setInterval(reload, every)
    return () => clearInterval(timer)
  }, [every, reload])
  return { data: data as AnswerOf<T> | null, problem, isLoading, reload }
}

/** Doing something once per press: what it answered, or why not. */
export const useAction = <A extends ReadonlyArray<unknown>, B>(
  run: (...given: A) => Promise<B>,
  onDone: (answer: B) => void = () => {}
) => {
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const press = async (...given: A): Promise<void> => {
    setBusy(true)
    setProblem(null)
    try {
      onDone(await run(...given))
    } catch (error) {
      setProblem(problemOf(error))
    } finally {
      setBusy(false)
    }
  }
  return { press, problem, isBusy, clear: () => setProblem(null) }
}
