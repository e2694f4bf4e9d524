// Builds dist/: the program in few files, which start that much faster than one for each module, and the tables of mappings/ as JSON, which
// read that much faster than YAML. Packages stay outside: they are installed beside it.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'rolldown'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '..')
const source = join(root, 'mappings')
const target = join(root, 'dist')

rmSync(target, { recursive: true, force: true })
mkdirSync(join(target, 'mappings'), { recursive: true })

await build({
  cwd: root,
  input: ['src/main.ts', 'src/outputs/delivery-worker.ts', 'src/capture/live-process.ts'],
  platform: 'node',
  external: /^[^./]/,
  // All of them in one folder: modules find the entries of threads and processes, and the installation, from where they are.
  output: { dir: target, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js', sourcemap: true },
})

for (const name of readdirSync(source).filter(file => file.endsWith('.yml')))
  writeFileSync(join(target, 'mappings', `${name}.json`), JSON.stringify(parse(readFileSync(join(source, name), 'utf8'))))
