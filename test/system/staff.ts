// Staff on the internal listener: admin calls over plain HTTP, as the control center makes them.
import { admin, type ServerProcess } from "../support/server-process.ts"

export interface Answer {
  readonly status: number
  // The wire's JSON as it came.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

/**
 * One call over POST /rpc, with the admin's password where it is asked for again. Gives the exit's value, or
 * throws the refusal's code.
 */
// oxlint-disable-next-line typescript/no-explicit-any
export const adminCall = async (
  server: ServerProcess,
  token: string | null,
  tag: string,
  payload: unknown
): Promise<any> => {
  const { body, status } = await post(server.internalUrl, token, tag, payload)
  const exit = Array.isArray(body) ? body[0]?.exit : undefined
  if (exit?._tag === "Success") return exit.value
  const error = exit?.cause?.[0]?.error ?? body
  if (error?.code === "STEP_UP_REQUIRED" && tag !== "admin.step_up") {
    await adminCall(server, token, "admin.step_up", { password: admin.password, code: null })
    return await adminCall(server, token, tag, payload)
  }
  throw new Error(`${tag}: ${error?.code ?? `HTTP ${status} ${JSON.stringify(body)}`}`)
}

export const post = async (
  base: string,
  token: string | null,
  tag: string,
  payload: unknown
): Promise<Answer> => {
  const response = await fetch(`${base}/rpc`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` })
    },
    body: JSON.stringify([{ _tag: "Request", id: "1", tag, payload, headers: [] }])
  })
  const text = await response.text()
  return { status: response.status, body: text === "" ? null : JSON.parse(text) }
}

export const signInAdmin = async (server: ServerProcess): Promise<string> => {
  const signedIn = await adminCall(server, null, "admin.sign_in", admin)
  return signedIn.access_token
}
