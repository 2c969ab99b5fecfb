// Reads the running Deployment as JSON, writes its canary: the new image, a tenth of the runners, the same
// labels, so that the Services send it its share.
import { readFileSync } from "node:fs"

const [image] = process.argv.slice(2)
const deployment = JSON.parse(readFileSync(0, "utf8"))
const { spec } = deployment
const [container] = spec.template.spec.containers
const labels = { ...spec.template.metadata.labels, track: "canary" }
console.log(JSON.stringify({
  apiVersion: deployment.apiVersion,
  kind: deployment.kind,
  metadata: { name: `${deployment.metadata.name}-canary`, labels },
  spec: {
    replicas: Math.max(1, Math.round(spec.replicas / 10)),
    selector: { matchLabels: labels },
    template: {
      metadata: { ...spec.template.metadata, labels },
      spec: { ...spec.template.spec, containers: [{ ...container, image }] }
    }
  }
}))
