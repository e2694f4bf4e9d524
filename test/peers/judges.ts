import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { whyNot } from './peer.ts'

const JUDGES = 'judges.sh'
const ESQL = 'esql.sh'
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 300_000

/** What a judge printed, and whether it agreed. */
export interface Judgement {
  readonly ok: boolean
  readonly output: string
}

export function judgesMissing(): string | undefined {
  return whyNot(JUDGES)
}

export function esqlMissing(): string | undefined {
  return whyNot(ESQL)
}

/** Run `sigma`, `contentctl`, `splunk-appinspect` or another program of the judges in a folder. */
export function judge(program: string, args: readonly string[], folder: string = process.cwd()): Judgement {
  const { status, stdout, stderr, error } = run(JUDGES, ['run', program, ...args], '', folder)
  return { ok: status === 0, output: `${stdout}${stderr}${error?.message ?? ''}` }
}

/** Give a Python script of the judges a question as JSON and read its answer. Fails with what it printed. */
export function askJudge<Answer>(script: string, question: object, judges: 'judges' | 'esql' = 'judges'): Answer {
  const start = judges === 'judges' ? ([JUDGES, ['run', 'python', script]] as const) : ([ESQL, ['run', script]] as const)
  const { status, stdout, stderr, error } = run(start[0], start[1], JSON.stringify(question))
  if (status !== 0) throw new Error(`${script}: ${error?.message ?? stderr.slice(-4000)}`)
  return JSON.parse(stdout) as Answer
}

function run(script: string, args: readonly string[], input: string, cwd: string = process.cwd()) {
  const options = { input, cwd, encoding: 'utf8', timeout: TIMEOUT_MS, maxBuffer: MOST_OUTPUT_BYTES } as const
  return spawnSync(join(import.meta.dirname, script), args, { ...options, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } })
}
