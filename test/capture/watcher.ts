import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { CaptureSettings } from '../../src/capture/settings.ts'
import { type Reading, until } from './collector.ts'

export interface Watched extends Partial<Reading> {
  readonly error?: { readonly code: string; readonly message: string; readonly mend: string }
}

/** `watch.ts` in a process of its own. */
export interface Watcher {
  readonly process: ChildProcess
  /** Until it reads. */
  ready(): Promise<void>
  /** Until it has seen so many packets. */
  seen(count: number): Promise<void>
  /** What it told in the end; frames as the collector has them. */
  result(): Promise<Watched>
}

/** `prefix` is the command that starts it, such as `ip netns exec NAME`; `stdin` is `pipe` or a file descriptor. */
export function startWatcher(
  settings: Partial<CaptureSettings>,
  options: {
    readonly prefix?: readonly string[]
    readonly stdin?: 'pipe' | number
    readonly state?: string
    readonly env?: NodeJS.ProcessEnv
  } = {},
): Watcher {
  const program = ['--experimental-strip-types', join(import.meta.dirname, 'watch.ts'), JSON.stringify(settings), options.state ?? '.']
  const [command, ...args] = [...(options.prefix ?? []), process.execPath, ...program]
  const child = spawn(command, args, { stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } })
  let output = ''
  let problems = ''
  child.stdout?.on('data', (text: Buffer) => {
    output += text
  })
  child.stderr?.on('data', (text: Buffer) => {
    problems += text
  })
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  return {
    process: child,
    ready: () => until(() => output.startsWith('ready\n'), `the watcher to start: ${output}${problems}`),
    seen: count => until(() => Number(output.trimEnd().split('\n').at(-1)) >= count, `${count} packets: ${problems}`),
    result: async () => {
      await ended
      const line = output.trimEnd().split('\n').at(-1) ?? ''
      if (!line.startsWith('{')) throw new Error(`the watcher told nothing: ${output}${problems}`)
      const told = JSON.parse(line) as Watched
      return {
        ...told,
        packets: told.packets?.map(packet => ({ ...packet, frame: Buffer.from(packet.frame, 'base64').toString('latin1') })),
      }
    },
  }
}
