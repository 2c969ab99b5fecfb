// Shown only to whose role may do it. The server refuses the others all the same.
import type { ReactNode } from "react"
import { mayDo, standing } from "../connection/sign-in.ts"
import { useStore } from "../connection/store.ts"

export const useMay = (action: "read" | "write", resource: string): boolean =>
  mayDo(useStore(standing).me, action, resource)

export const May = ({ children, write }: { write: string; children: ReactNode }) =>
  useMay("write", write) ? children : null
