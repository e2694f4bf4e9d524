import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'

/** No receiver outlives this, whatever happens to the test, seconds. */
const LONGEST_LIFE = '900'
/** Downloads of a receiver on a machine that has none yet, ms. */
const PREPARE_MS = 900_000
const STOP_MS = 5000

/** A receiver that runs until it is stopped. */
export interface PeerProcess {
  /** What it printed so far. */
  readonly output: string
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** Run `<script> check` in this folder: undefined when the receiver can be started, else why not. May download for minutes. */
export function whyNot(script: string): string | undefined {
  const { status, stderr, error } = spawnSync(join(import.meta.dirname, script), ['check'], { encoding: 'utf8', timeout: PREPARE_MS })
  if (status === 0) return undefined
  return stderr?.trim().split('\n').at(-1) || error?.message || `${script} check failed`
}

/** Tests against a real receiver: skipped by name where it is missing, failed where CI=true. */
export function describePeer(name: string, reason: string | undefined, body: () => void): void {
  if (reason === undefined) describe(name, body)
  else if (process.env['CI'] === 'true') describe(name, () => test('can be started', () => expect.fail(reason)))
  else describe.skip(`${name} (skipped: ${reason})`, body)
}

/** Start `<script> start …args` and wait until `ready`. */
export async function startPeer(
  script: string,
  args: readonly string[],
  ready: (output: string) => Promise<boolean>,
  seconds = 90,
): Promise<PeerProcess> {
  const command = join(import.meta.dirname, script)
  // Its own process group, so that stopping it takes its children along.
  const child = spawn('timeout', ['-s', 'KILL', LONGEST_LIFE, command, 'start', ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const peer = new Peer(child)
  const deadline = Date.now() + seconds * 1000
  while (!(await ready(peer.output))) {
    if (peer.exited || Date.now() > deadline) {
      await peer.stop('SIGKILL')
      throw new Error(`${script} did not start: ${peer.output.slice(-2000)}`)
    }
    await pause(50)
  }
  return peer
}

/** Start a receiver; leaves nothing behind when it does not start. */
export async function startOrRemove(server: { start(): Promise<void>; remove(): Promise<void> }): Promise<void> {
  try {
    await server.start()
  } catch (error) {
    await server.remove()
    throw error
  }
}

const running = new Set<Peer>()
process.on('exit', () => {
  for (const peer of running) peer.kill('SIGKILL')
})

class Peer implements PeerProcess {
  output = ''
  exited = false
  readonly #child: ChildProcess
  readonly #gone: Promise<void>

  constructor(child: ChildProcess) {
    this.#child = child
    running.add(this)
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-20_000)
      })
    this.#gone = new Promise(resolve => {
      child.on('error', error => {
        this.output += error.message
      })
      child.on('close', () => {
        this.exited = true
        running.delete(this)
        resolve()
      })
    })
  }

  kill(signal: NodeJS.Signals): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal)
    } catch {
      // It is gone already.
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.kill(signal)
    await Promise.race([this.#gone, pause(STOP_MS, undefined, { ref: false })])
    this.kill('SIGKILL')
    await this.#gone
  }
}

/** A folder that other users (servers that give up root) can enter. */
export function peerFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `wardwire-${name}-`))
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

/** Certificates of certificates.sh in a folder. */
export function makeCertificates(folder: string): void {
  const { status, stderr } = spawnSync(join(import.meta.dirname, 'certificates.sh'), [folder], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`certificates: ${stderr}`)
}

/** Ports that nobody listens on. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen()))
  const ports = servers.map(server => (server.address() as { port: number }).port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

async function listen(): Promise<ReturnType<typeof createServer>> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return server
}

/** Whether something listens on a TCP port. */
export function listens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port })
    const answer = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}

/** Wait until `condition` holds; fails after `seconds`. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`)
    await pause(50)
  }
}

/** The whole lines of a file that a receiver appends JSON objects to. */
export function ndjson<T>(file: string): readonly T[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.slice(0, -1).map(line => JSON.parse(line) as T)
}
