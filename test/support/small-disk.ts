// A file system of a few megabytes that a test may fill to the last byte. Only who may mount has one: root on
// the machine of CI. The set-up of an integration run says in its first lines whether it does.
import { execFileSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"

export interface SmallDisk {
  readonly path: string
  /** Takes all that is left. */
  readonly fill: Effect.Effect<void>
  /** Gives it back. */
  readonly clear: Effect.Effect<void>
}

const mount = (megabytes: number): string => {
  const path = mkdtempSync(join(tmpdir(), "small-disk-"))
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "tmpfs", path], {
      stdio: "ignore"
    })
    return path
  } catch (error) {
    rmdirSync(path)
    throw error
  }
}

/** Lazily, as a process of Postgres may still be ending. */
const unmount = (path: string): void => {
  execFileSync("umount", ["--lazy", path], { stdio: "ignore" })
  rmdirSync(path)
}

const tryIt = (): boolean => {
  try {
    unmount(mount(1))
    return true
  } catch {
    return false
  }
}

export const mayMount = process.platform === "linux" && process.getuid?.() === 0 && tryIt()

const blockBytes = 65_536

/** Whole blocks first, then bytes: until nothing more is taken. */
const fillUp = (file: string): void => {
  const open = openSync(file, "w")
  try {
    for (let size = blockBytes; size >= 1; size = Math.floor(size / 2)) {
      const block = Buffer.alloc(size)
      try {
        for (;;) writeSync(open, block)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
      }
    }
  } finally {
    closeSync(open)
  }
}

export const smallDisk = (megabytes: number) =>
  Effect.acquireRelease(Effect.sync(() => mount(megabytes)), (path) => Effect.sync(() => unmount(path))).pipe(
    Effect.map((path): SmallDisk => {
      const filler = join(path, "filler")
      return {
        path,
        fill: Effect.sync(() => fillUp(filler)),
        clear: Effect.sync(() => rmSync(filler, { force: true }))
      }
    })
  )
