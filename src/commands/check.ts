import { configError, loadConfig } from '../config/load.ts'
import { loadAssetList } from '../inventory/assets.ts'
import { loadUserKnowledge } from '../inventory/knowledge/user.ts'
import { type Settings, settingsSchema } from '../settings.ts'

/** `wardwire check`: read and check the config file and the files that it names; no network, no receiver is asked. Throws with every problem at once. */
export function check(file: string): string {
  const settings = loadSettings(file)
  const assets = settings.inventory.assets && loadAssetList(settings.inventory.assets)
  const { knowledge_file } = settings.inventory
  const knowledge = knowledge_file === undefined ? undefined : loadUserKnowledge(knowledge_file)
  const outputs = Object.entries(settings.outputs).map(([name, output]) => `${name} (${output.type})`)
  return [
    `${file}: the configuration is valid`,
    `sensor: ${settings.sensor.id}, state in ${settings.sensor.state_directory}`,
    `outputs: ${outputs.length > 0 ? outputs.join(', ') : 'none: events would go nowhere in `wardwire run`'}`,
    ...(assets === undefined ? [] : [`asset list: ${assets.rows.length} rows`]),
    ...(knowledge === undefined ? [] : [`knowledge file: ${knowledge.rows} rows`]),
    `patients: ${settings.privacy.patients}`,
  ].join('\n')
}

export function loadSettings(file: string): Settings {
  const result = loadConfig(file, settingsSchema)
  if (!result.ok) throw configError(result.problems)
  return result.settings
}
