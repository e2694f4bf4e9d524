export { nbdgm } from './datagram-service.ts'
export { nbns } from './name-service.ts'
