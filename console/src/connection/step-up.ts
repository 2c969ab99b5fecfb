// Being asked once more who is there: a call that needs it waits here until the dialog was answered, then is
// made again; given up, it stays refused.
import { makeStore } from "./store.ts"

export interface Asked {
  readonly goOn: () => void
  readonly giveUp: () => void
}

type StepUp = (given: { readonly password: string | null; readonly code: string | null }) => Promise<unknown>

/** Null: nobody is asked. */
export const asked = makeStore<Asked | null>(null)

let make: StepUp = () => Promise.reject(new Error("nobody is signed in"))

/** Said by whoever keeps the line. */
export const stepUpWith = (call: StepUp): void => {
  make = call
}

/** True when it was answered. Calls that ask at the same time share the one dialog. */
export const askOnceMore = (): Promise<boolean> =>
  new Promise((resolve) => {
    const before = asked.get()
    const end = (done: boolean) => {
      asked.set(null)
      resolve(done)
    }
    asked.set({
      goOn: () => {
        before?.goOn()
        end(true)
      },
      giveUp: () => {
        before?.giveUp()
        end(false)
      }
    })
  })

export const stepUp: StepUp = async (given) => {
  const answer = await make(given)
  asked.get()?.goOn()
  return answer
}
