// Writes the tables of mappings/ as JSON beside the built program, which reads that much faster than YAML.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '..')
const source = join(root, 'mappings')
const target = join(root, 'dist', 'mappings')
mkdirSync(target, { recursive: true })
for (const name of readdirSync(source).filter(file => file.endsWith('.yml')))
  writeFileSync(join(target, `${name}.json`), JSON.stringify(parse(readFileSync(join(source, name), 'utf8'))))
