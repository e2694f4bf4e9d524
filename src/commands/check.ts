import { configError, loadConfig } from '../config/load.ts'
import { type Settings, settingsSchema } from '../settings.ts'

/** `wardwire check`: read and check the config file; no network, no receiver is asked. Throws with every problem at once. */
export function check(file: string): string {
  const settings = loadSettings(file)
  const outputs = Object.entries(settings.outputs).map(([name, output]) => `${name} (${output.type})`)
  return [
    `${file}: the configuration is valid`,
    `sensor: ${settings.sensor.id}, state in ${settings.sensor.state_directory}`,
    `outputs: ${outputs.length > 0 ? outputs.join(', ') : 'none: events would go nowhere in `wardwire run`'}`,
    `patients: ${settings.privacy.patients}`,
  ].join('\n')
}

export function loadSettings(file: string): Settings {
  const result = loadConfig(file, settingsSchema)
  if (!result.ok) throw configError(result.problems)
  return result.settings
}
