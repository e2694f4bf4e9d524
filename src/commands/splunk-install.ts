import { loadRules } from '../content/rules.ts'
import { packageName } from '../content/splunk/archive.ts'
import { APP_ID } from '../content/splunk/dashboard.ts'
import { type SplunkApp, splunkContent } from '../content/splunk/objects.ts'
import { VERSION } from '../installation.ts'
import type { Settings } from '../settings.ts'
import { WardwireError } from '../telemetry/error.ts'
import type { Log } from '../telemetry/log.ts'
import { type Change, installReport, type Step } from './content-report.ts'
import { compareApp, type InstalledApp, type InstalledObject } from './splunk-objects.ts'
import { namespace, type SplunkRest, splunkOf } from './splunk-rest.ts'
import { indexMacro, indexSetting } from './splunk-settings.ts'

export interface SplunkInstallOptions {
  /** Name of the output whose Splunk is meant; needed where there are several of type splunk-hec. */
  readonly output?: string
  /** Only say what would change. */
  readonly dryRun: boolean
  /** Folder or address, as the Splunk server sees it, that the packages of `content build` were copied to. */
  readonly packages?: string
}

/**
 * `wardwire content install splunk`: have a search head install the two packages, from where it can read them, unless it has them in this
 * version, and point the macro for the index to that of the output. Answers one line for each thing, for the operator. Throws what
 * `splunkOf` and its requests throw, `content_packages` where a package is needed and not named, and `content_managed` where the search
 * head takes apps from somewhere else.
 */
export async function installSplunk(settings: Settings, options: SplunkInstallOptions, log: Log): Promise<string> {
  const { rest, receiver, output } = await splunkOf(settings, options.output, log)
  const content = splunkContent({ version: VERSION, rules: loadRules() })
  const before = await compareAll(rest, content)
  const outdated = before.filter(needsPackage)
  if (outdated.length > 0) await refuseManaged(rest, receiver)
  if (outdated.length > 0 && !options.dryRun) {
    for (const { app } of outdated) await installPackage(rest, app, packagesOf(options, receiver))
  }
  const after = options.dryRun ? before : await compareAll(rest, content)
  if (!options.dryRun) requireInstalled(after, receiver)
  const setting = indexSetting(macroOf(after), output.index)
  if (setting !== undefined && !options.dryRun)
    await rest.post(`${namespace(APP_ID)}/configs/conf-macros/${indexMacro}`, { definition: setting })
  const steps = [
    ...before.flatMap((app, index) => appSteps(app, after[index], options.dryRun)),
    ...(setting === undefined ? [] : [{ noun: 'setting', name: `macro ${indexMacro}: ${setting}`, change: 'updated' } as const]),
  ]
  return installReport(receiver, steps, options.dryRun, await hints(rest, after, steps, options))
}

async function compareAll(rest: SplunkRest, content: readonly SplunkApp[]): Promise<readonly InstalledApp[]> {
  const compared: InstalledApp[] = []
  for (const app of content) compared.push(await compareApp(rest, app))
  return compared
}

/** A package that is there in another version, or not whole. What was edited in Splunk stays: it lies above what a package brings. */
function needsPackage({ app, version, objects }: InstalledApp): boolean {
  return version !== app.version || objects.some(({ state }) => state === 'missing')
}

interface ServerInfo {
  readonly server_roles?: readonly string[]
  readonly instance_type?: string
}

async function refuseManaged(rest: SplunkRest, receiver: string): Promise<void> {
  const [server] = await rest.entries('/services/server/info')
  const { server_roles: roles = [], instance_type: instance } = (server?.content ?? {}) as ServerInfo
  const refuse = (message: string, mend: string): WardwireError => new WardwireError('content_managed', `${receiver}: ${message}`, { mend })
  if (instance === 'cloud')
    throw refuse(
      'this is Splunk Cloud, which installs no package over this API',
      'upload both packages of wardwire content build under Apps, Manage Apps, or with: acs apps install private --acs-legal-ack=Y --app-package FILE; then run this command again for the settings',
    )
  if (roles.some(role => role.startsWith('shc_')))
    throw refuse(
      'this search head belongs to a cluster, which takes its apps from the deployer',
      'unpack both packages of wardwire content build into etc/shcluster/apps of the deployer, push them with splunk apply shcluster-bundle, then run this command again for the settings',
    )
}

function packagesOf({ packages }: SplunkInstallOptions, receiver: string): string {
  if (packages !== undefined) return packages
  throw new WardwireError(
    'content_packages',
    `${receiver}: the packages are not installed in version ${VERSION}, and Splunk takes no upload over this API`,
    {
      mend: 'make them with wardwire content build, copy splunk/*.spl to the Splunk server or a web server that it reaches, and name that folder or address with --packages; or install both in Splunk Web (Apps, Manage Apps, Install app from file) and run this command again for the settings',
    },
  )
}

function requireInstalled(apps: readonly InstalledApp[], receiver: string): void {
  const other = apps.find(({ app, version }) => version !== app.version)
  if (other === undefined) return
  const { app, version } = other
  throw new WardwireError(
    'content_packages',
    `${receiver}: ${app.id} is ${version ?? 'missing'} after its installation, not ${app.version}`,
    {
      mend: `look at the package that lies there: it must be ${packageName(app.id, app.version)} of this wardwire content build`,
    },
  )
}

/** Splunk's REST API Reference, `apps/local`: `name` is a path or an address, as the server sees it. */
async function installPackage(rest: SplunkRest, { id, version }: SplunkApp, packages: string): Promise<void> {
  const name = `${packages.replace(/[/\\]$/, '')}${packages.includes('\\') ? '\\' : '/'}${packageName(id, version)}`
  await rest.post('/services/apps/local', { name, filename: 'true', update: 'true', explicit_appname: id })
}

function macroOf(apps: readonly InstalledApp[]): InstalledObject | undefined {
  return apps.flatMap(({ objects }) => objects).find(({ object }) => object.noun === 'macro' && object.name === indexMacro)
}

function appSteps(before: InstalledApp, after: InstalledApp, dryRun: boolean): readonly Step[] {
  const { app, version } = before
  const renewed = needsPackage(before)
  const change: Change = version === undefined ? 'created' : renewed ? 'updated' : 'unchanged'
  const from = version === undefined || version === app.version ? '' : ` from ${version}`
  const objects = before.objects.map(({ object, state }, index) => ({
    noun: object.noun,
    name: object.name,
    change: objectChange(state, dryRun ? undefined : after.objects[index].state, renewed),
  }))
  return [{ noun: 'app', name: `${app.id} ${app.version}${from}`, change }, ...objects]
}

function objectChange(before: InstalledObject['state'], after: InstalledObject['state'] | undefined, renewed: boolean): Change {
  if (before === 'same') return 'unchanged'
  if (before === 'missing') return 'created'
  return renewed && after !== 'different' ? 'updated' : 'kept'
}

async function hints(
  rest: SplunkRest,
  after: readonly InstalledApp[],
  steps: readonly Step[],
  { dryRun, packages }: SplunkInstallOptions,
): Promise<readonly string[]> {
  const absent = dryRun ? 0 : after.flatMap(({ objects }) => objects).filter(({ state }) => state === 'missing').length
  const kept = steps.some(({ change }) => change === 'kept')
  const installs = steps.some(({ noun, change }) => noun === 'app' && change !== 'unchanged')
  const messages = installs && !dryRun ? await rest.entries('/services/messages') : []
  return [
    ...(kept ? ['What is kept was edited in Splunk: reset it there (Revert, or delete the copy) to get the shipped form.'] : []),
    ...(installs && dryRun && packages === undefined ? ['To install the packages, say with --packages where Splunk finds them.'] : []),
    ...(absent > 0 ? [`Splunk does not show ${absent} of these yet: run wardwire content verify splunk after a restart.`] : []),
    ...(messages.some(({ name }) => name.startsWith('restart')) ? ['Splunk asks for a restart.'] : []),
  ]
}
