import Joi from 'joi'
import type { Secret } from '../../config/secret.ts'
import { secretSchema } from '../../config/secret-schema.ts'
import { type TlsSettings, tlsSchema } from '../tls.ts'
import { urlSchema } from '../url.ts'

/** The REST API of a search head, for `wardwire content install splunk` and `verify splunk`; delivery does not use it. */
export interface SplunkManagementSettings {
  readonly url: string
  readonly token?: Secret
  readonly username?: string
  readonly password?: Secret
  readonly timeout_seconds: number
  readonly tls: TlsSettings
}

export const splunkManagementSchema = Joi.object<SplunkManagementSettings>({
  url: urlSchema().required().description('address of the management port of the search head').example('https://splunk.example.org:8089'),
  token: secretSchema().description('authentication token, or a session key').example('${file:/etc/wardwire/splunk-token}'),
  username: Joi.string().description('user name, where there is no token').example('wardwire-setup'),
  password: secretSchema().description('its password').example('${env:SPLUNK_PASSWORD}'),
  timeout_seconds: Joi.number().min(1).max(600).default(60).description('longest wait for an answer'),
  tls: tlsSchema,
})
  .xor('token', 'username')
  .and('username', 'password')
  .description('REST API of the search head, for `wardwire content install splunk` and `verify splunk`; the sensor does not use it')
