export { ftp, smtp } from './greeting.ts'
export { ssh } from './ssh.ts'
export { telnet } from './telnet.ts'
