// The page of a run: one file that needs nothing else. The template beside it draws; this only fills it.
import * as Fs from "node:fs"
import type { TimelineData } from "./timeline-data.ts"

const template = new URL("page.html", import.meta.url)
const placeholder = "/*TIMELINE*/null"

/** Nothing in the data may end the script it stands in. */
const asScript = (timelineData: TimelineData): string =>
  JSON.stringify(timelineData).replaceAll("<", "\\u003c")

export const htmlOf = (timelineData: TimelineData): string => {
  const page = Fs.readFileSync(template, "utf8")
  const [before, after] = page.split(placeholder)
  if (before === undefined || after === undefined) {
    throw new Error(`${template.pathname} has no ${placeholder}`)
  }
  return `${before}${asScript(timelineData)}${after}`
}
