import { Argument, type Command } from 'commander'
import type { Settings } from '../settings.ts'
import { WardwireError } from '../telemetry/error.ts'
import { createLog } from '../telemetry/log.ts'
import { settingsFrom } from './config-file.ts'
import type { Verification } from './content-report.ts'

type Product = 'elastic' | 'splunk'

interface VerifyOptions {
  readonly config: string
  readonly output?: string
  readonly kibana?: string
}

interface InstallOptions extends VerifyOptions {
  readonly dryRun: boolean
  readonly packages?: string
}

const CONFIG_HELP = 'settings with an output of type elasticsearch, or one of type splunk-hec with management'
const KIBANA_HELP =
  'elastic: address of Kibana, with /s/<space> behind it for another space; its API key comes from WARDWIRE_KIBANA_API_KEY'
const PACKAGES_HELP =
  'splunk: folder on the Splunk server, or address that it reaches, with the .spl files of content build; Splunk takes no upload over its API'

/** Adds `content build`, `install` and `verify`. `failed` is called when a verification finds something wrong. */
export function addContentCommand(root: Command, failed: () => void): void {
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  const content = root.command('content').description('what the SIEM needs to understand the events')

  content
    .command('build')
    .description('write detection rules and dashboards for Elastic, Splunk and others into a folder')
    .option('-o, --out <dir>', 'folder to write to', 'content')
    .action(async (options: { out: string }) => {
      const { buildContentInto } = await import('./content-build.ts')
      print(buildContentInto(options.out))
    })

  content
    .command('install')
    .description('bring content into the SIEM of a configured output, leaving alone what is as it should be')
    .addArgument(product())
    .requiredOption('-c, --config <file>', CONFIG_HELP)
    .option('--output <name>', 'which output, when there are several')
    .option('--kibana <url>', KIBANA_HELP)
    .option('--packages <place>', PACKAGES_HELP)
    .option('-n, --dry-run', 'only say what would change', false)
    .addHelpText('after', INSTALL_HELP)
    .action(async (wanted: Product, options: InstallOptions) => {
      refuseForeign(wanted, options)
      print(await install(wanted, await settingsFrom(options.config), options))
    })

  content
    .command('verify')
    .description('ask the SIEM of a configured output whether what was installed is as shipped, and whether data arrives')
    .addArgument(product())
    .requiredOption('-c, --config <file>', CONFIG_HELP)
    .option('--output <name>', 'which output, when there are several')
    .option('--kibana <url>', KIBANA_HELP)
    .action(async (wanted: Product, options: VerifyOptions) => {
      refuseForeign(wanted, options)
      const { ok, text } = await verify(wanted, await settingsFrom(options.config), options)
      print(text)
      if (!ok) failed()
    })
}

const INSTALL_HELP = `
elastic  puts templates, pipelines and transforms into the cluster; with --kibana rules and dashboards into Kibana too
splunk   has the search head install TA-wardwire and wardwire from --packages, unless it has this version, and points
         the macro wardwire_index to the index of the output; clusters of search heads and Splunk Cloud take their apps
         elsewhere, and are told where`

function product(): Argument {
  return new Argument('<product>', 'the SIEM').choices(['elastic', 'splunk'])
}

function refuseForeign(wanted: Product, { kibana, packages }: Partial<InstallOptions>): void {
  const foreign = wanted === 'splunk' ? kibana && '--kibana' : packages && '--packages'
  if (foreign) throw new WardwireError('option_invalid', `${foreign} is not for ${wanted}`)
}

async function install(wanted: Product, settings: Settings, options: InstallOptions): Promise<string> {
  if (wanted === 'elastic') {
    const { installElastic } = await import('./elastic-install.ts')
    return installElastic(settings, options)
  }
  const { installSplunk } = await import('./splunk-install.ts')
  return installSplunk(settings, options, createLog(settings.telemetry.log))
}

async function verify(wanted: Product, settings: Settings, options: VerifyOptions): Promise<Verification> {
  if (wanted === 'elastic') {
    const { verifyElastic } = await import('./elastic-verify.ts')
    return verifyElastic(settings, options)
  }
  const { verifySplunk } = await import('./splunk-verify.ts')
  return verifySplunk(settings, options, createLog(settings.telemetry.log))
}
