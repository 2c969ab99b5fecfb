// The demo's phone, under the path at which scripts from outside look for it: docs/hardening.md names some.
export { ConnectionLost, Phone, Refused, sleep } from "../testkit/phone.mjs"
