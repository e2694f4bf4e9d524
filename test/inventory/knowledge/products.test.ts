import { describe, expect, test } from 'vitest'
import { productOf } from '../../../src/inventory/knowledge/products.ts'

describe('products', () => {
  test.each([
    ['SMCGS8P-Smart - SMCGS8P-Smart v3.20', ['SMC Networks', 'SMCGS8P-Smart', '3.20', undefined]],
    ['Cisco Internetwork Operating System Software IOS (tm) 1600 Software', ['Cisco', undefined, undefined, undefined]],
    ['Digi Connect ME Version 82000856_F6 07/21/2006', ['Digi International', 'Connect ME', '82000856_F6', undefined]],
    ['Digi Connect SP RS232 Version 82000908_H1 12/12/2006', ['Digi International', 'Connect SP RS232', '82000908_H1', undefined]],
    [
      'APC Web/SNMP Management Card (MB:v4.1.0 PF:v6.7.2 PN:apc_hw05_aos_672.bin AF1:v6.7.2 AN1:apc_hw05_rpdu2g_672.bin MN:AP8932 HR:02 SN: 3F503A169043 MD:01/23/2019)',
      ['APC', 'AP8932', '6.7.2', '3F503A169043'],
    ],
    ['APC Web/SNMP Management Card (MB:v4.1.0 PF:v6.9.6 AF1:v6.9.6 MN:AP9631 HR:05)', ['APC', 'AP9631', '6.9.6', undefined]],
  ] as const)('%s', (description, expected) => {
    const { manufacturer, model, firmware_version, serial_number } = productOf(description)?.said ?? {}
    expect([manufacturer, model, firmware_version, serial_number]).toEqual(expected)
  })

  test.each(['Linux pump 4.19.0', 'SMC-A - SMC-B v1', ''])('%j names none', text => expect(productOf(text)).toBeUndefined())

  test('a hit names its row and the source of the row', () =>
    expect(productOf('SMCGS8P-Smart - SMCGS8P-Smart v3.20')?.row).toContain('(measured: LLDP of an SMC switch)'))
})
