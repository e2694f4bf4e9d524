import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** `${env:NAME}` or `${file:PATH}` anywhere in a string value. */
const REFERENCE = /\$\{(env|file):([^}]+)\}/g

export interface Interpolation {
  readonly value: unknown
  /** Dotted paths of the values that held a reference. */
  readonly interpolated: ReadonlySet<string>
  /** References that could not be resolved. */
  readonly problems: readonly { readonly path: readonly (string | number)[]; readonly message: string; readonly mend: string }[]
}

/** Replace references in every string of a parsed config. File paths are relative to the config file; one trailing newline is cut. */
export function interpolate(value: unknown, configFile: string, env: NodeJS.ProcessEnv): Interpolation {
  const interpolated = new Set<string>()
  const problems: { path: readonly (string | number)[]; message: string; mend: string }[] = []

  const resolveReference = (kind: string, name: string, path: readonly (string | number)[]): string => {
    if (kind === 'env') {
      const found = env[name]
      if (found !== undefined) return found
      problems.push({ path, message: `environment variable ${name} is not set`, mend: `set ${name}, or use \${file:PATH}` })
      return ''
    }
    const file = resolve(dirname(configFile), name)
    try {
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    } catch (error) {
      problems.push({
        path,
        message: `cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? 'error'}`,
        mend: 'check the path and its permissions',
      })
      return ''
    }
  }

  const walk = (node: unknown, path: readonly (string | number)[]): unknown => {
    if (typeof node === 'string') {
      if (!node.includes('${')) return node
      return node.replace(REFERENCE, (_, kind: string, name: string) => {
        interpolated.add(path.join('.'))
        return resolveReference(kind, name, path)
      })
    }
    if (Array.isArray(node)) return node.map((item, index) => walk(item, [...path, index]))
    if (node !== null && typeof node === 'object')
      return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item, [...path, key])]))
    return node
  }

  return { value: walk(value, []), interpolated, problems }
}
