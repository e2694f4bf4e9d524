import Joi from 'joi'
import type { Secret } from '../config/secret.ts'
import { secretSchema } from '../config/secret-schema.ts'

export interface PrivacySettings {
  readonly patients: 'omit' | 'pseudonym' | 'clear'
  readonly site_key: Secret | undefined
}

/** What may leave the sensor about patients. */
export const privacySchema = Joi.object<PrivacySettings>({
  patients: Joi.string()
    .valid('omit', 'pseudonym', 'clear')
    .default('omit')
    .description(
      'patient identifiers in events: omit (counts only), pseudonym (keyed hashes: still pseudonymous PHI), clear (warns at every start)',
    ),
  site_key: secretSchema()
    .description('key of the patient pseudonyms; without one a random key is made at each start')
    .example('${file:site.key}'),
}).default()
