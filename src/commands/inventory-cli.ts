import { existsSync } from 'node:fs'
import { type Command, Option } from 'commander'
import type { AssetSettings } from '../inventory/settings.ts'
import { defaultSettings, type Settings } from '../settings.ts'
import { WardwireError } from '../telemetry/error.ts'
import { settingsFrom } from './config-file.ts'
import type { InventoryQuery } from './inventory.ts'

interface SourceOptions {
  readonly from?: string
  readonly config?: string
}
type ListOptions = SourceOptions & Omit<InventoryQuery, 'format'> & { readonly json?: true; readonly csv?: true; readonly cyclonedx?: true }

/** Adds `inventory`, `inventory show` and `inventory explain`. `configs` is where a config file is looked for when none is named. */
export function addInventoryCommand(root: Command, configs: readonly string[]): void {
  const settingsOf = async ({ config }: SourceOptions): Promise<Settings> => {
    const file = config ?? configs.find(existsSync)
    return file === undefined ? defaultSettings() : await settingsFrom(file)
  }
  const sourceOf = async (options: SourceOptions): Promise<string> => options.from ?? (await settingsOf(options)).sensor.state_directory
  const assetsOf = async (options: SourceOptions): Promise<AssetSettings> => {
    const { assets } = (await settingsOf(options)).inventory
    if (assets !== undefined) return assets
    throw new WardwireError('assets_invalid', 'no asset list is configured', { mend: 'name one under inventory.assets in the config file' })
  }
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  const withSource = (command: Command): Command =>
    command
      .option('--from <path>', 'state directory of a sensor, which may be running, output folder of a replay, or an inventory.json')
      .option('-c, --config <file>', 'settings that name the state directory')

  const inventory = withSource(root.command('inventory'))
    .description('the medical devices that the sensor knows')
    .option('--type <text>', 'only devices of a type that contains this')
    .option('--manufacturer <text>', 'only devices of a manufacturer that contains this')
    .option('--address <address>', 'only the device at this IP or MAC address; one that ends with . : or - stands for all that begin so')
    .option('--since <time>', 'only devices seen since a date, or within a span such as 7d or 12h')
    .option('--search <text>', 'only devices with a value that contains this: a name, version, location …')
    .option('--conflicts', 'only devices that state what another one states too, such as a serial number')
    .addOption(new Option('--json', 'records as in inventory.json').conflicts(['csv', 'cyclonedx']))
    .addOption(new Option('--csv', 'one line a device (RFC 4180)').conflicts('cyclonedx'))
    .option('--cyclonedx', 'a CycloneDX 1.6 bill of materials')
    .action(async (options: ListOptions) => {
      const { listInventory } = await import('./inventory.ts')
      const format = options.json ? 'json' : options.csv ? 'csv' : options.cyclonedx ? 'cyclonedx' : 'table'
      print(listInventory(await sourceOf(options), { ...options, format }))
    })

  inventory
    .command('assets')
    .description('rows of the configured asset list that fit no device, and devices that it does not list')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>()
      const { compareAssets } = await import('./inventory.ts')
      print(compareAssets(await sourceOf(options), await assetsOf(options)))
    })

  inventory
    .command('show')
    .description('one device with its evidence and what became known of it when')
    .argument('<device>', 'id, address, host name, AE title, station name or serial number')
    .action(async (device: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>()
      const { showDevice } = await import('./inventory.ts')
      print(showDevice(await sourceOf(options), device, options.json === true))
    })

  inventory
    .command('explain')
    .description('why an attribute of a device has the value that it has')
    .argument('<device>', 'id, address, host name, AE title, station name or serial number')
    .argument('<attribute>', 'model, os, software_version, type …')
    .action(async (device: string, attribute: string, _options: unknown, command: Command) => {
      const { explainAttribute } = await import('./inventory.ts')
      print(explainAttribute(await sourceOf(command.optsWithGlobals<ListOptions>()), device, attribute))
    })
}
