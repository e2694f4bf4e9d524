import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { whyNot } from './peer.ts'

const SCRIPT = 'package-spec.sh'
const TIMEOUT_MS = 120_000

export function packageSpecMissing(): string | undefined {
  return whyNot(SCRIPT)
}

/** What Elastic's validator finds wrong with a package, a folder or a zip; empty where it is valid. */
export function packageFindings(path: string): string {
  const { status, stdout, stderr, error } = spawnSync(join(import.meta.dirname, SCRIPT), ['run', path], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  })
  if (status === 0) return ''
  return stdout.trim() || stderr.trim() || (error?.message ?? `ended with status ${status}`)
}
