// The process's environment as the configuration reads it: secrets that come from files are read, and in
// production a runner that was told no address advertises the machine's private one.
import { readFileSync } from "node:fs"
import { networkInterfaces } from "node:os"
import * as Result from "effect/Result"
import { ConfigProblem, variables } from "../config/server-config.ts"

type Environment = Readonly<Record<string, string | undefined>>

const secretNames = Object.values(variables).filter(({ secret }) => secret).map(({ name }) => name)

const contentOf = (path: string): string | null => {
  try {
    // Editors and `kubectl create secret` like to end a file with a new line.
    return readFileSync(path, "utf8").replace(/\r?\n$/, "")
  } catch {
    return null
  }
}

/** NAME_FILE for every secret; naming both, or a file that cannot be read, is a problem. */
const withFiles = (environment: Environment): Result.Result<Environment, ConfigProblem> => {
  const read: Record<string, string> = {}
  const problems: Array<string> = []
  for (const name of secretNames) {
    const path = environment[`${name}_FILE`]?.trim()
    if (path === undefined || path === "") continue
    const content = contentOf(path)
    if ((environment[name] ?? "") !== "") problems.push(`${name} and ${name}_FILE are both set: give one`)
    else if (content === null) problems.push(`${name}_FILE names a file that cannot be read: ${path}`)
    else read[name] = content
  }
  return problems.length === 0
    ? Result.succeed({ ...environment, ...read })
    : Result.fail(
      new ConfigProblem({
        message: `The server cannot start:\n${problems.map((p) => `  - ${p}`).join("\n")}`
      })
    )
}

// The runner port has no authentication: a public address is never taken by itself.
const privateAddress = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/

export const privateAddressOf = (
  interfaces: ReturnType<typeof networkInterfaces>
): string | undefined =>
  Object.values(interfaces).flatMap((addresses) => addresses ?? [])
    .find(({ address, internal }) => !internal && privateAddress.test(address))?.address

const advertised = (environment: Environment): Environment => {
  const isProduction = environment["NODE_ENV"] === "production" || environment["NODE_ENV"] === "staging"
  const isGiven = (environment["RUNNER_HOST"] ?? "") !== ""
  if (!isProduction || isGiven) return environment
  return { ...environment, RUNNER_HOST: privateAddressOf(networkInterfaces()) }
}

export const preparedEnvironment = (environment: Environment): Result.Result<Environment, ConfigProblem> =>
  Result.map(withFiles(environment), advertised)
