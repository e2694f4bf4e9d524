import Joi from 'joi'

export interface NetSettings {
  readonly max_flows: number
  readonly tcp_idle_seconds: number
  readonly udp_idle_seconds: number
  readonly reassembly_bytes_per_flow: number
  readonly reassembly_bytes_total: number
  readonly fragments_max: number
  readonly vlan_in_flow_key: boolean
}

/** Flows, reassembly and their limits. When a limit is hit the oldest state gives way, and it is counted and reported. */
export const netSchema = Joi.object<NetSettings>({
  max_flows: Joi.number()
    .integer()
    .min(1000)
    .default(262_144)
    .description('flows kept at once; when full, the one silent for longest is given up'),
  tcp_idle_seconds: Joi.number()
    .integer()
    .min(10)
    .default(3600)
    .description('seconds of silence after which a TCP connection is taken for gone'),
  udp_idle_seconds: Joi.number().integer().min(5).default(60).description('seconds of silence after which a UDP or other flow ends'),
  reassembly_bytes_per_flow: Joi.number()
    .integer()
    .min(65_536)
    .default(4_194_304)
    .description('bytes kept out of order for one direction of a connection before a hole is given up'),
  reassembly_bytes_total: Joi.number()
    .integer()
    .min(1_048_576)
    .default(268_435_456)
    .description('bytes kept out of order for all connections together'),
  fragments_max: Joi.number().integer().min(16).default(8192).description('IP fragments kept at once'),
  vlan_in_flow_key: Joi.boolean()
    .default(false)
    .description('tell flows in different VLANs apart; off because mirrors often tag only one direction'),
}).default()
