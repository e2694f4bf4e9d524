import type { RuleDescription, Technique } from './rule.ts'

/** Version of MITRE ATT&CK that ids and names below follow. Later versions revoke some ids (v19: T0855, T0856, T0857, T1562, T1656). */
export const ATTACK_VERSION = '18.1'

const RECONNAISSANCE = { id: 'TA0043', name: 'Reconnaissance' } as const
const DEFENSE_EVASION = { id: 'TA0005', name: 'Defense Evasion' } as const
const INITIAL_ACCESS = { id: 'TA0001', name: 'Initial Access' } as const
const CREDENTIAL_ACCESS = { id: 'TA0006', name: 'Credential Access' } as const
const DISCOVERY = { id: 'TA0007', name: 'Discovery' } as const
const LATERAL_MOVEMENT = { id: 'TA0008', name: 'Lateral Movement' } as const
const COLLECTION = { id: 'TA0009', name: 'Collection' } as const
const EXFILTRATION = { id: 'TA0010', name: 'Exfiltration' } as const
const IMPACT = { id: 'TA0040', name: 'Impact' } as const

/** Techniques of the Enterprise matrix in use here. */
export const ENTERPRISE = {
  automatedExfiltration: { id: 'T1020', name: 'Automated Exfiltration', tactic: EXFILTRATION },
  unencryptedExfiltration: { id: 'T1048.003', name: 'Exfiltration Over Unencrypted Non-C2 Protocol', tactic: EXFILTRATION },
  passwordGuessing: { id: 'T1110.001', name: 'Password Guessing', tactic: CREDENTIAL_ACCESS },
  serviceDiscovery: { id: 'T1046', name: 'Network Service Discovery', tactic: DISCOVERY },
  externalRemoteServices: { id: 'T1133', name: 'External Remote Services', tactic: INITIAL_ACCESS },
  informationRepositories: { id: 'T1213', name: 'Data from Information Repositories', tactic: COLLECTION },
  automatedCollection: { id: 'T1119', name: 'Automated Collection', tactic: COLLECTION },
  remoteServiceExploitation: { id: 'T1210', name: 'Exploitation of Remote Services', tactic: LATERAL_MOVEMENT },
  storedDataManipulation: { id: 'T1565.001', name: 'Stored Data Manipulation', tactic: IMPACT },
  embeddedPayloads: { id: 'T1027.009', name: 'Embedded Payloads', tactic: DEFENSE_EVASION },
  masqueradeFileType: { id: 'T1036.008', name: 'Masquerade File Type', tactic: DEFENSE_EVASION },
  exploitPublicFacingApplication: { id: 'T1190', name: 'Exploit Public-Facing Application', tactic: INITIAL_ACCESS },
  activeScanning: { id: 'T1595', name: 'Active Scanning', tactic: RECONNAISSANCE },
  dataDestruction: { id: 'T1485', name: 'Data Destruction', tactic: IMPACT },
  applicationExploitation: { id: 'T1499.004', name: 'Application or System Exploitation', tactic: IMPACT },
} as const satisfies Record<string, Technique>

/** Techniques of the ICS matrix in use here. */
export const ICS = {
  theftOfOperationalInformation: { id: 'T0882', name: 'Theft of Operational Information' },
  validAccounts: { id: 'T0859', name: 'Valid Accounts' },
  remoteSystemDiscovery: { id: 'T0846', name: 'Remote System Discovery' },
  remoteSystemInformationDiscovery: { id: 'T0888', name: 'Remote System Information Discovery' },
  internetAccessibleDevice: { id: 'T0883', name: 'Internet Accessible Device' },
  automatedCollection: { id: 'T0802', name: 'Automated Collection' },
  remoteServiceExploitation: { id: 'T0866', name: 'Exploitation of Remote Services' },
  denialOfService: { id: 'T0814', name: 'Denial of Service' },
  dataDestruction: { id: 'T0809', name: 'Data Destruction' },
  exploitPublicFacingApplication: { id: 'T0819', name: 'Exploit Public-Facing Application' },
  userExecution: { id: 'T0863', name: 'User Execution' },
  manipulationOfView: { id: 'T0832', name: 'Manipulation of View' },
} as const satisfies Record<string, RuleDescription['ics'][number]>

/** The page that describes a technique. */
export function techniqueUrl(technique: Technique): string {
  return `https://attack.mitre.org/techniques/${technique.id.replace('.', '/')}/`
}
