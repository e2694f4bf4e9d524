import { existsSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { DEFAULT_FOLDER } from './capture/settings.ts'
import { settingsFrom } from './commands/config-file.ts'
import { addContentCommand } from './commands/content-cli.ts'
import { addInventoryCommand } from './commands/inventory-cli.ts'
import { VERSION } from './installation.ts'
import { folderOutputs } from './outputs/file/settings.ts'
import { defaultSettings, type Settings, settingsSchema } from './settings.ts'
import { WardwireError } from './telemetry/error.ts'
import { createLog, describeError, type Log } from './telemetry/log.ts'

/** Exit statuses: everything read; an input or a receiver failed; wrong usage or configuration. */
const EXIT = { ok: 0, failed: 1, usage: 2 } as const

/** Where `run` looks for a config file when none is named. */
const DEFAULT_CONFIGS = ['wardwire.yml', '/etc/wardwire/wardwire.yml'] as const

/** Codes of errors that are the caller's: they end with status 2. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'config_invalid',
  'out_exists',
  'no_outputs',
  'option_invalid',
  'assets_invalid',
  'knowledge_invalid',
  'inventory_missing',
  'device_unknown',
  'device_ambiguous',
  'attribute_unknown',
  'output_unusable',
  'content_output',
  'content_kibana',
  'content_packages',
  'capture_source_missing',
  'capture_interface_unknown',
  'capture_filter_invalid',
  'capture_filter_unsupported',
])

let status: number = EXIT.ok

/** Each command loads what it needs when it runs: a replay should not wait for the clients of receivers. */
function program(): Command {
  const root = new Command('wardwire')
    .description('Watches a hospital network, knows its medical devices, and forwards ECS and CEF events')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(run with --help for the options)')

  root
    .command('replay')
    .description('decode capture files (pcap, pcapng, gzip) and write events and the inventory into a folder')
    .argument('<files...>', 'capture files, in the order of their time')
    .option('-o, --out <dir>', 'folder for events.ndjson, events.cef and inventory.json', 'wardwire-out')
    .option('-f, --force', 'overwrite what an earlier replay left in that folder', false)
    .option('-c, --config <file>', 'settings; its outputs get the events too')
    .action(async (files: string[], options: { out: string; force: boolean; config?: string }) => {
      const settings = options.config === undefined ? undefined : await settingsFrom(options.config)
      const log = createLog((settings ?? defaultSettings()).telemetry.log)
      const { replay } = await import('./commands/replay.ts')
      const result = await replay(files, { out: options.out, force: options.force, settings, log, signal: stopSignal(log) })
      process.stdout.write(`${result.text}\n`)
      for (const failure of result.failures) process.stderr.write(`wardwire: ${failure}\n`)
      if (result.failures.length > 0) status = EXIT.failed
    })

  root
    .command('run')
    .description('watch live traffic and forward events until stopped')
    .option('-c, --config <file>', `settings (default: ${DEFAULT_CONFIGS.join(' or ')})`)
    .option('-i, --interface <name>', 'interface to watch, instead of the configured source')
    .option('--filter <bpf>', 'capture filter for the interface')
    .option('--from <path>', 'read pcap or pcapng from a pipe: - for standard input, or a fifo')
    .option('--folder <dir>', 'follow a folder that a rotating capture writes into')
    .option('-o, --out <dir>', 'also write events.ndjson and events.cef into this folder')
    .action(async (options: RunOptions) => {
      const settings = await runSettings(options)
      const log = createLog(settings.telemetry.log)
      const { run } = await import('./commands/run.ts')
      await run(settings, log, stopSignal(log))
    })

  root
    .command('check')
    .description('check a config file and report every mistake in it at once')
    .option('-c, --config <file>', 'the file to check', DEFAULT_CONFIGS[0])
    .action(async (options: { config: string }) => {
      const { check } = await import('./commands/check.ts')
      process.stdout.write(`${check(options.config)}\n`)
    })

  root
    .command('example-config')
    .description('print a commented config file with every key and its default')
    .action(async () => {
      const { exampleConfig } = await import('./config/example.ts')
      process.stdout.write(exampleConfig(settingsSchema))
    })

  addInventoryCommand(root, DEFAULT_CONFIGS)

  addContentCommand(root, () => {
    status = EXIT.failed
  })

  return root
}

interface RunOptions {
  readonly config?: string
  readonly interface?: string
  readonly filter?: string
  readonly from?: string
  readonly folder?: string
  readonly out?: string
}

/** Settings of the config file with the source and output of the command line in their place. */
async function runSettings(options: RunOptions): Promise<Settings> {
  const file = options.config ?? DEFAULT_CONFIGS.find(existsSync)
  const base = file === undefined ? defaultSettings() : await settingsFrom(file)
  const { interface: name, from, folder, out } = options
  const named = [name, from, folder].filter(source => source !== undefined)
  if (named.length > 1) throw new WardwireError('capture_source_missing', 'give only one of --interface, --from and --folder')
  const capture =
    named.length === 0
      ? base.capture
      : {
          ...base.capture,
          interface: name,
          filter: name === undefined ? undefined : base.capture.filter,
          from,
          folder: folder === undefined ? undefined : { ...DEFAULT_FOLDER, ...base.capture.folder, path: folder },
        }
  return {
    ...base,
    capture: { ...capture, filter: options.filter ?? capture.filter },
    outputs: {
      ...base.outputs,
      ...(out === undefined ? {} : folderOutputs(out, 'rotated')),
    },
  }
}

/** Aborted by the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopSignal(log: Log): AbortSignal {
  const controller = new AbortController()
  const stop = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(EXIT.failed)
    log.info('Stopping', { signal })
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return controller.signal
}

async function main(): Promise<void> {
  try {
    await program().parseAsync()
  } catch (error) {
    if (error instanceof CommanderError) {
      status = error.exitCode === 0 ? EXIT.ok : EXIT.usage
    } else {
      const { message } = describeError(error)
      process.stderr.write(`wardwire: ${message}\n`)
      status = error instanceof WardwireError && USAGE_CODES.has(error.code) ? EXIT.usage : EXIT.failed
    }
  }
  process.exit(status)
}

await main()
