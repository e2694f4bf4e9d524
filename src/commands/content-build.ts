import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import type { ContentFile } from '../content/builder.ts'
import { buildContent } from '../content/index.ts'
import { loadRules } from '../content/rules.ts'
import { VERSION } from '../installation.ts'
import { WardwireError } from '../telemetry/error.ts'

/** Lists what a build wrote, so that the next one removes what it no longer makes and others can tell what is theirs. */
const MANIFEST = 'manifest.json'

interface Manifest {
  readonly version: string
  /** Path → SHA-256, hexadecimal. */
  readonly files: Readonly<Record<string, string>>
}

/**
 * `wardwire content build`: write the content for SIEMs into a folder, byte for byte the same for the same version. Answers what it wrote,
 * for the operator. Throws `rule_invalid` or `content_unwritable`.
 */
export function buildContentInto(folder: string): string {
  const files = buildContent({ version: VERSION, rules: loadRules() })
  const manifest: Manifest = { version: VERSION, files: Object.fromEntries(files.map(file => [file.path, sha256(file)])) }
  try {
    const stale = Object.keys(earlier(folder)).filter(path => !(path in manifest.files))
    for (const path of stale) rmSync(join(folder, path), { force: true })
    for (const { path, content } of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), content)
    }
    writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`)
    return report(folder, files, stale.length)
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException
    throw new WardwireError('content_unwritable', `cannot write ${path ?? folder} (${code ?? 'error'})`, {
      mend: 'name a folder that you may write with --out',
      cause,
    })
  }
}

/** What an earlier build left here. A manifest that cannot be read, or names files elsewhere, is none. */
function earlier(folder: string): Manifest['files'] {
  try {
    const { files } = JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')) as Manifest
    return Object.keys(files).every(path => !normalize(path).startsWith('..')) ? files : {}
  } catch {
    return {}
  }
}

function sha256({ content }: ContentFile): string {
  return createHash('sha256').update(content).digest('hex')
}

function report(folder: string, files: readonly ContentFile[], removed: number): string {
  const places = new Map<string, number>()
  for (const { path } of files) {
    const place = placeOf(path)
    places.set(place, (places.get(place) ?? 0) + 1)
  }
  const lines = [...places].map(([place, count]) => (place.endsWith('/') ? `${place}: ${count} ${count === 1 ? 'file' : 'files'}` : place))
  const gone = removed > 0 ? `, removed ${removed} of an earlier build` : ''
  return [`${folder}: content of wardwire ${VERSION}`, ...lines, `${files.length} files written${gone}`].join('\n')
}

/** `splunk/escu/macros/x.yml` → `splunk/escu/`; a file right below a product's folder stands for itself. */
function placeOf(path: string): string {
  const parts = path.split('/')
  const depth = parts[0] === 'sigma' ? 1 : 2
  return parts.length > depth ? `${parts.slice(0, depth).join('/')}/` : path
}
