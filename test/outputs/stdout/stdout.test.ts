import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

/** A program that sends batches of events to its standard output and says on standard error what became of each. */
const PROGRAM = `
  import { createStdoutOutput } from '${resolve('src/outputs/stdout/index.ts')}'
  import { events } from '${resolve('test/queue/samples.ts')}'
  const output = createStdoutOutput('out', { type: 'stdout', format: 'ndjson', batch: { events: 512, bytes: 1e6, age_ms: 0 } })
  for (let batch = 0; batch < Number(process.argv[1]); batch++) {
    const verdict = await output.send(events(100, { first: batch * 100, bytes: 1000 }))
    console.error(JSON.stringify(verdict))
    if (verdict.kind !== 'done') break
  }
  await output.close()`

function start(batches: number, stdout: 'pipe' | number) {
  return spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, String(batches)], { stdio: ['ignore', stdout, 'pipe'] })
}

async function text(stream: NodeJS.ReadableStream | null): Promise<string> {
  let all = ''
  for await (const chunk of stream ?? []) all += String(chunk)
  return all
}

describe('standard output', () => {
  test('gets one line for each event, however slowly it is read', async () => {
    const child = start(20, 'pipe')
    const errors = text(child.stderr)
    let lines = 0
    for await (const chunk of child.stdout ?? []) {
      lines += String(chunk).split('\n').length - 1
      await new Promise(done => setImmediate(done))
    }
    expect(lines).toBe(2000)
    expect((await errors).trim().split('\n')).toHaveLength(20)
  })

  test('may be a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wardwire-stdout-'))
    const file = createWriteStream(join(folder, 'out'))
    await once(file, 'open')
    const child = start(3, (file as unknown as { fd: number }).fd)
    await once(child, 'exit')
    file.destroy()
    expect(readFileSync(join(folder, 'out'), 'utf8').trimEnd().split('\n')).toHaveLength(300)
    rmSync(folder, { recursive: true })
  })

  test('that nobody reads any more pauses the output and does not end the process', async () => {
    const child = start(1000, 'pipe')
    child.stdout?.destroy()
    const errors = await text(child.stderr)
    const last = errors.trim().split('\n').at(-1) ?? ''
    expect(JSON.parse(last)).toEqual({ kind: 'pause', reason: 'nobody reads standard output any more (EPIPE)' })
    if (child.exitCode === null) await once(child, 'exit')
    expect(child.exitCode).toBe(0)
  })
})
