import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const SOURCE = join(import.meta.dirname, '..', 'src')

/** The way through the house: a stage imports itself, the ground floor, and stages before it. */
const STAGES = ['capture', 'net', 'protocols', 'inventory', 'detect', 'normalize', 'queue', 'outputs'] as const
/** Makes what is shipped for SIEMs. No stage of the pipeline: only commands use it. */
const CONTENT = 'content'
const GROUND_FLOOR = ['bytes', 'config', 'telemetry', 'privacy'] as const
/** Files that may know every stage: the composition root, its settings, and the commands above them. */
const ROOTS = ['sensor.ts', 'sensor-health.ts', 'settings.ts', 'main.ts', 'installation.ts', 'commands'] as const

interface Edge {
  readonly from: string
  readonly to: string
}

function sourceFiles(): readonly string[] {
  return readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
}

function edges(): readonly Edge[] {
  return sourceFiles().flatMap(file =>
    [...readFileSync(join(SOURCE, file), 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(match => ({
      from: file,
      to: relative(SOURCE, join(SOURCE, dirname(file), match[1])),
    })),
  )
}

const part = (file: string): string => file.split('/')[0]

function allowed({ from, to }: Edge): boolean {
  const [source, target] = [part(from), part(to)]
  if (source === target) return true
  if (from === 'main.ts' || source === 'commands') return true
  if (to === 'installation.ts') return true
  if (ROOTS.some(root => root === source)) return target !== CONTENT && (source === 'settings.ts' || target !== 'commands')
  if (GROUND_FLOOR.some(floor => floor === source)) return source !== 'bytes' && GROUND_FLOOR.some(floor => floor === target)
  if (GROUND_FLOOR.some(floor => floor === target)) return true
  if (source === CONTENT) return target === 'normalize'
  const [here, there] = [STAGES.indexOf(source as (typeof STAGES)[number]), STAGES.indexOf(target as (typeof STAGES)[number])]
  return here >= 0 && there >= 0 && there < here
}

describe('import directions', () => {
  test('every source file belongs to a stage, the ground floor or the root', () => {
    const known = new Set<string>([...STAGES, ...GROUND_FLOOR, ...ROOTS, CONTENT])
    expect(sourceFiles().filter(file => !known.has(part(file)))).toEqual([])
  })

  test('no stage imports what stands to its right', () => {
    const found = edges()
    expect(found.length).toBeGreaterThan(50)
    expect(found.filter(edge => !allowed(edge)).map(({ from, to }) => `${from} → ${to}`)).toEqual([])
  })

  test('the rule itself refuses a backward edge', () => {
    expect(allowed({ from: 'net/stage.ts', to: 'protocols/decoder.ts' })).toBe(false)
    expect(allowed({ from: 'detect/index.ts', to: 'sensor.ts' })).toBe(false)
    expect(allowed({ from: 'bytes/hash.ts', to: 'telemetry/error.ts' })).toBe(false)
    expect(allowed({ from: 'outputs/deliver.ts', to: 'queue/spool.ts' })).toBe(true)
    expect(allowed({ from: 'content/rule.ts', to: 'detect/rule.ts' })).toBe(false)
    expect(allowed({ from: 'outputs/deliver.ts', to: 'content/index.ts' })).toBe(false)
    expect(allowed({ from: 'sensor.ts', to: 'content/index.ts' })).toBe(false)
  })
})
