import Joi from 'joi'

/** What every rule can be told. */
export interface RuleSettings {
  readonly enabled: boolean
  readonly window_seconds: number
}

/** Schema of the settings that every rule has. */
export function ruleKeys(): Record<keyof RuleSettings, Joi.Schema> {
  return {
    enabled: Joi.boolean().default(true).description('raise alerts of this rule'),
    window_seconds: Joi.number()
      .min(60)
      .max(86_400)
      .default(3600)
      .description('further hits of the same kind within this many seconds update the alert instead of raising another'),
  }
}

/** Schema of a list of single addresses that a rule leaves alone; empty by default. */
export function addressList(description: string, example: string): Joi.ArraySchema<string[]> {
  return Joi.array()
    .items(Joi.string().ip({ cidr: 'forbidden' }))
    .default([])
    .description(description)
    .example([example])
}
