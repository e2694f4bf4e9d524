import { stringify } from 'yaml'

/** YAML in the order of the members, wide lines unbroken. */
export function toYaml(value: object): string {
  return stringify(value, { lineWidth: 140, aliasDuplicateObjects: false })
}
