import { describe, expect, test } from 'vitest'
import { associations, client, converse, operations, type Step, server, stores } from './conversation.ts'
import {
  CONTEXTS,
  closing,
  ECHO,
  echoRq,
  echoRsp,
  FIND,
  findRq,
  findRsp,
  imageElements,
  opening,
  STORE,
  storeRq,
  storeRsp,
} from './dialogues.ts'
import {
  abort,
  ascii,
  associateAc,
  associateRj,
  associateRq,
  type Context,
  CT_IMAGE,
  command,
  dataset,
  EXPLICIT,
  explicit,
  IMPLICIT,
  implicit,
  maxLength,
  pData,
  pdu,
  pdv,
  releaseRp,
  releaseRq,
  STUDY_FIND,
  text,
} from './encode.ts'

const study = (level: string): Buffer => dataset(3, implicit(0x0008, 0x0052, text(level)), implicit(0x0010, 0x0010, text('DOE*')))

const image = (pixels: number): Buffer => dataset(5, ...imageElements(Buffer.alloc(pixels)))

describe('associations on one connection', () => {
  test('follow each other, each with its own events', () => {
    const seen = converse([...opening, client(echoRq(1)), server(echoRsp(1)), ...closing, ...opening, ...closing])
    expect(associations(seen)).toMatchObject([
      { result: 'accepted', ending: 'released', outcome: 'success', operations: { echo: 1 }, violations: [] },
      { result: 'accepted', ending: 'released', outcome: 'success', operations: {}, violations: [] },
    ])
    expect(new Set(associations(seen).map(({ association }) => association.id)).size).toBe(2)
  })

  test('a second request before the end of the first supersedes it and breaks the protocol', () => {
    const [first, second] = associations(converse([...opening, ...opening, ...closing]))
    expect(first).toMatchObject({ ending: 'superseded', outcome: 'unknown', violations: ['unexpected_pdu'] })
    expect(second).toMatchObject({ ending: 'released', violations: [] })
  })

  test('when both sides ask for release at once, one association is released', () => {
    const seen = converse([...opening, client(releaseRq()), server(releaseRq()), client(releaseRp()), server(releaseRp())])
    expect(associations(seen)).toMatchObject([{ ending: 'released', outcome: 'success', violations: [] }])
  })

  test.each([
    ['closed', { result: 'unanswered', outcome: 'failure' }],
    ['open', { result: 'unanswered', outcome: 'failure' }],
  ] as const)('a request that nobody answers before the connection is %s', (end, expected) => {
    const [only] = associations(converse([client(associateRq({ contexts: CONTEXTS }))], end, { packetsFromServer: 3 }))
    expect(only).toMatchObject(expected)
  })

  test.each([
    [1, 1, 3, 'rejected_permanent', 'service_user', 'calling_ae_title_not_recognized'],
    [2, 3, 2, 'rejected_transient', 'service_provider_presentation', 'local_limit_exceeded'],
    [1, 2, 2, 'rejected_permanent', 'service_provider_acse', 'protocol_version_not_supported'],
    [9, 9, 9, 'unknown_9', 'unknown_9', 'reserved_9'],
  ])('rejection %i/%i/%i', (result, source, reason, ...words) => {
    const [only] = associations(converse([opening[0], server(associateRj(result, source, reason))]))
    expect(only).toMatchObject({ result: 'rejected', outcome: 'failure', ending: undefined })
    expect(only.reject).toEqual({ result: words[0], source: words[1], reason: words[2] })
  })

  test.each([
    [0, 0, 'service_user', 'not_significant'],
    [2, 5, 'service_provider', 'unexpected_pdu_parameter'],
  ])('abort %i/%i', (source, reason, ...words) => {
    const [only] = associations(converse([...opening, server(abort(source, reason))]))
    expect(only).toMatchObject({ result: 'accepted', ending: 'aborted', outcome: 'failure', abort: { source: words[0], reason: words[1] } })
  })

  test.each([
    ['reset', 'failure'],
    ['timed_out', 'failure'],
    ['closed', 'failure'],
    ['superseded', 'unknown'],
    ['open', 'unknown'],
  ] as const)('without a release, a connection that is %s leaves it %s', (end, outcome) => {
    expect(associations(converse(opening, end))).toMatchObject([{ ending: end, outcome }])
  })
})

describe('negotiation', () => {
  test('every user-information item is read, and of credentials only the type', () => {
    const role = Buffer.concat([Buffer.from([0, CT_IMAGE.length]), ascii(CT_IMAGE), Buffer.from([0, 1])])
    const extended = Buffer.concat([Buffer.from([0, STUDY_FIND.length]), ascii(STUDY_FIND), Buffer.from([1])])
    const common = Buffer.concat([Buffer.from([0, CT_IMAGE.length]), ascii(CT_IMAGE), Buffer.from([0, 0, 0, 0])])
    const identity = Buffer.concat([Buffer.from([2, 1, 0, 6]), ascii('PHIUSR'), Buffer.from([0, 9]), ascii('PHISECRET')])
    const seen = converse([
      client(
        associateRq({
          contexts: CONTEXTS,
          user: [
            maxLength(0),
            [0x52, ascii('1.2.826.0.1')],
            [0x53, Buffer.from([0, 5, 0, 1])],
            [0x54, role],
            [0x55, ascii('TOOLKIT_1')],
            [0x56, extended],
            [0x57, common],
            [0x58, identity],
            [0x6e, Buffer.alloc(7)],
          ],
        }),
      ),
      server(associateAc({ contexts: CONTEXTS, user: [maxLength(32_768), [0x54, role], [0x59, Buffer.from([0, 0])]] })),
      ...closing,
    ])
    const [only] = associations(seen)
    expect(only).toMatchObject({
      requestor: { classUid: '1.2.826.0.1', version: 'TOOLKIT_1', maxPduBytes: 0 },
      acceptor: { maxPduBytes: 32_768 },
      asyncWindow: { invoked: 5, performed: 1 },
      extendedNegotiation: [STUDY_FIND, CT_IMAGE],
      userIdentity: { type: 'username_passcode', responseRequested: true, answered: true },
      unknownItems: [{ type: 0x6e, length: 7 }],
      violations: [],
    })
    expect(only.contexts[2]).toMatchObject({ roleSelection: { scu: false, scp: true, accepted: { scu: false, scp: true } } })
    expect(JSON.stringify(seen)).not.toMatch(/PHIUSR|PHISECRET/)
  })

  test.each([
    [1, 'username'],
    [2, 'username_passcode'],
    [3, 'kerberos'],
    [4, 'saml'],
    [5, 'jwt'],
    [0, 'unknown_0'],
    [9, 'unknown_9'],
  ])('user identity %i is told as %s, and nothing of it', (type, word) => {
    const identity = Buffer.concat([Buffer.from([type, 0, 0, 9]), ascii('PHISECRET'), Buffer.from([0, 0])])
    const seen = converse([client(associateRq({ contexts: CONTEXTS, user: [maxLength(0), [0x58, identity]] })), opening[1], ...closing])
    expect(associations(seen)).toMatchObject([{ userIdentity: { type: word, responseRequested: false, answered: false }, violations: [] }])
    expect(JSON.stringify(seen)).not.toContain('PHISECRET')
  })

  test.each([
    ['blank', ' '.repeat(16), undefined],
    ['padded with zeros', 'CT01'.padEnd(16, '\0'), 'CT01'],
    ['with a space before it', '  CT01', 'CT01'],
    ['with bytes that no AE title has', 'CT\x01\xe9', 'CT??'],
  ])('an AE title may be %s', (_, calling, expected) => {
    const [only] = associations(converse([client(associateRq({ calling, contexts: CONTEXTS })), opening[1], ...closing]))
    expect(only.association.callingAeTitle).toBe(expected)
  })

  test('an application context that is not that of DICOM is a violation', () => {
    const request = associateRq({ contexts: CONTEXTS })
    request.write('9', request.indexOf('1.2.840.10008.3.1.1.1') + 20, 'latin1')
    expect(associations(converse([client(request), opening[1], ...closing]))).toMatchObject([
      { applicationContext: '1.2.840.10008.3.1.1.9', result: 'accepted', violations: ['wrong_application_context'] },
    ])
  })

  test.each([
    ['too short to have items', pdu(1, Buffer.alloc(30)), 'short_associate_pdu'],
    ['with an even context id', associateRq({ contexts: [{ ...ECHO, id: 2 }] }), 'even_context_id'],
    ['with one context id twice', associateRq({ contexts: [ECHO, { ...STORE, id: ECHO.id }] }), 'duplicate_context_id'],
  ])('a request %s is a violation', (_, request, code) => {
    expect(associations(converse([client(request)]))[0].violations).toContain(code)
  })

  test.each([
    ['an abort', pdu(7, Buffer.alloc(2)), 'short_pdu'],
    ['an abort of more than it is made of', pdu(7, Buffer.alloc(8)), 'bad_pdu_length'],
    ['a request for release without content', pdu(5, Buffer.alloc(0)), 'short_pdu'],
    ['a request for release with more than it is made of', pdu(5, Buffer.alloc(5)), 'bad_pdu_length'],
    ['data without any', pdu(4, Buffer.alloc(0)), 'empty_pdu'],
    ['a PDU of an impossible length', Buffer.from('050000ffffffffff', 'hex').fill(0xff, 2), 'bad_pdu_length'],
    ['a command longer than any', pData(pdv(1, 1, Buffer.alloc(70_000))), 'command_too_long'],
  ])('%s is a violation', (_, bytes, code) => {
    expect(associations(converse([...opening, client(bytes)]))[0].violations).toContain(code)
  })

  test('contexts keep what the acceptor said of each', () => {
    const answer = [ECHO, { ...FIND, result: 3 }, { ...STORE, result: 4 }]
    const [only] = associations(converse([opening[0], server(associateAc({ contexts: answer })), ...closing]))
    expect(only.contexts.map(({ id, result, acceptedTransferSyntax }) => [id, result, acceptedTransferSyntax])).toEqual([
      [1, 0, IMPLICIT],
      [3, 3, undefined],
      [5, 4, undefined],
    ])
  })

  test('reserved bytes may hold anything, and are noted', () => {
    const seen = converse([
      client(associateRq({ contexts: CONTEXTS, reserved: 0x30 })),
      server(associateAc({ contexts: CONTEXTS, reserved: 0xff })),
      ...closing,
    ])
    expect(associations(seen)).toMatchObject([{ ending: 'released', violations: ['nonzero_reserved_bytes'] }])
  })

  test.each([
    ['the header of a PDU', client(pdu(4, pdv(1, 3, Buffer.alloc(0)), 1))],
    ['the flags of a fragment', client(pData(pdv(1, 0x86, Buffer.alloc(0))))],
    ['a release', client(pdu(5, Buffer.from([0, 0, 0, 1])))],
    ['an abort', client(pdu(7, Buffer.from([1, 0, 0, 0])))],
  ])('in %s too', (_, step) => {
    expect(associations(converse([...opening, step])).at(0)?.violations).toContain('nonzero_reserved_bytes')
  })

  test.each([
    ['an item', (bytes: Buffer) => bytes.indexOf(Buffer.from([0x51, 0, 0, 4])) + 1],
    ['a presentation context', (bytes: Buffer) => bytes.indexOf(Buffer.from([0x20, 0])) + 7],
    ['the 32 bytes behind the AE titles', () => 6 + 36],
  ])('in %s of a request too', (_, place) => {
    const request = associateRq({ contexts: CONTEXTS })
    request[place(request)] = 7
    expect(associations(converse([client(request), ...opening.slice(1), ...closing]))).toMatchObject([
      { result: 'accepted', violations: ['nonzero_reserved_bytes'] },
    ])
  })

  test('an acceptor that repeats the reserved bytes of the request does as it should', () => {
    const answer = associateAc({ contexts: CONTEXTS })
    answer.fill(7, 6 + 36, 6 + 68)
    expect(associations(converse([opening[0], server(answer), ...closing]))).toMatchObject([{ violations: [] }])
  })

  test('an item that is longer than its PDU is a violation, and what stands before it is kept', () => {
    const request = associateRq({ calling: 'FUZZER', contexts: [ECHO] })
    request.writeUInt16BE(60_000, request.indexOf(0x51) + 2)
    const [only] = associations(converse([client(request), opening[1], ...closing]))
    expect(only).toMatchObject({ association: { callingAeTitle: 'FUZZER' }, violations: ['bad_item_length'] })
    expect(only.contexts).toHaveLength(1)
  })

  test('an acceptance grants no more than was asked for', () => {
    const role = (scu: number, scp: number): readonly [number, Buffer] => [
      0x54,
      Buffer.concat([Buffer.from([0, CT_IMAGE.length]), ascii(CT_IMAGE), Buffer.from([scu, scp])]),
    ]
    const answered = (contexts: readonly Context[], granted: readonly [number, Buffer]): readonly string[] => {
      const request = associateRq({ contexts: [ECHO, STORE], user: [maxLength(0), role(0, 1)] })
      const answer = associateAc({ contexts, user: [maxLength(0), granted] })
      return associations(converse([client(request), server(answer), ...closing]))[0].violations
    }
    expect(answered([ECHO, STORE], role(0, 1))).toEqual([])
    expect(answered([ECHO, STORE], role(0, 0))).toEqual([])
    expect(answered([ECHO, FIND], role(0, 1))).toEqual(['unproposed_presentation_context'])
    expect(answered([{ ...ECHO, transferSyntaxes: [EXPLICIT] }], role(0, 1))).toEqual(['unproposed_transfer_syntax'])
    expect(answered([ECHO, STORE], role(1, 1))).toEqual(['unproposed_role'])
  })

  test.each([
    ['common extended negotiation', 0x57, Buffer.concat([Buffer.from([0, CT_IMAGE.length]), ascii(CT_IMAGE), Buffer.from([0, 9, 0x31])])],
    ['a user identity', 0x58, Buffer.concat([Buffer.from([2, 0, 0, 200]), ascii('PHIUSR')])],
    ['a user identity of one byte', 0x58, Buffer.from([2])],
    ['an asynchronous window', 0x53, Buffer.from([0, 1])],
  ] as const)('%s that is not as long as it says is a violation', (_, type, value) => {
    const request = associateRq({ contexts: CONTEXTS, user: [maxLength(0), [type, value]] })
    const seen = converse([client(request), opening[1], ...closing])
    expect(associations(seen)).toMatchObject([{ result: 'accepted', violations: ['bad_item_length'] }])
    expect(JSON.stringify(seen)).not.toContain('PHIUSR')
  })
})

describe('the state of an association (PS3.8 §9.2)', () => {
  test.each([
    ['an acceptance by the requestor', [opening[0], client(associateAc({ contexts: CONTEXTS }))]],
    ['a second acceptance', [...opening, opening[1]]],
    ['data behind the own request for release', [...opening, client(releaseRq()), client(echoRq(1))]],
    ['a release that nobody asked for', [...opening, server(releaseRp())]],
    ['a second request for release', [...opening, client(releaseRq()), client(releaseRq())]],
    ['a request by the side that was called', [server(associateRq({ contexts: CONTEXTS })), client(associateAc({ contexts: CONTEXTS }))]],
  ] as const)('%s is a violation', (_, steps) => {
    expect(associations(converse(steps))[0].violations).toEqual(['unexpected_pdu'])
  })

  test('either side may ask where it is not known who was called', () => {
    const steps = [server(associateRq({ contexts: CONTEXTS })), client(associateAc({ contexts: CONTEXTS }))]
    expect(associations(converse(steps, 'closed', { midstream: true }))).toMatchObject([
      { association: { requestedBy: 1 }, violations: [] },
    ])
  })

  test('data of the other side is due while a release is asked for', () => {
    const seen = converse([...opening, client(echoRq(1)), client(releaseRq()), server(echoRsp(1)), server(releaseRp())])
    expect(associations(seen)).toMatchObject([{ ending: 'released', operations: { echo: 1 }, violations: [] }])
  })
})

describe('operations', () => {
  test('are paired under an asynchronous window, whatever the order of the answers', () => {
    const seen = converse([
      ...opening,
      client(findRq(1), study('STUDY'), findRq(2), study('PATIENT')),
      server(findRsp(2, 0xff00), study('PATIENT'), findRsp(1, 0xff00), study('STUDY'), findRsp(2, 0), findRsp(1, 0xa700)),
      ...closing,
    ])
    expect(operations(seen)).toMatchObject([
      { messageId: 2, responses: 2, query: { level: 'PATIENT' }, status: { class: 'success' }, outcome: 'success' },
      { messageId: 1, responses: 2, query: { level: 'STUDY' }, status: { code: '0xA700', class: 'failure' }, outcome: 'failure' },
    ])
    expect(JSON.stringify(seen)).not.toContain('DOE')
  })

  test('tell how long their first answers took, counted from the end of the data set', () => {
    const later = (milliseconds: number): readonly Step[] => Array.from({ length: milliseconds }, () => ({ from: 'client', silence: 0 }))
    const seen = converse([
      ...opening,
      client(storeRq(1)),
      client(image(8)),
      ...later(4),
      server(storeRsp(1)),
      client(storeRq(2), image(8)),
      server(storeRsp(2)),
      client(findRq(3), study('STUDY')),
      server(findRsp(3, 0xff00), study('STUDY')),
      ...later(20),
      server(findRsp(3, 0)),
      client(echoRq(4)),
      ...closing,
    ])
    expect(stores(seen)).toMatchObject([{ responseTimes: { mean: 3000, longest: 5000 } }])
    expect(associations(seen)).toMatchObject([{ responseTimes: { mean: 7000 / 3, longest: 5000 } }])
  })

  test.each([
    ['nothing was answered', [...opening, client(echoRq(1)), ...closing]],
    ['bytes are missing', [...opening, client(echoRq(1)), { from: 'client', lost: 10 }, server(echoRsp(1)), ...closing]],
    ['requests are not mirrored', [opening[1], server(echoRsp(1)), closing[1]]],
  ] as const)('do not tell how long answers took where %s', (_, steps) => {
    expect(associations(converse(steps)).map(({ responseTimes }) => responseTimes)).toEqual([undefined])
  })

  const windowed = (invoked: number, performed: number) => {
    const user = [maxLength(16_384), [0x53, Buffer.from([0, invoked, 0, performed])]] as const
    return [client(associateRq({ contexts: CONTEXTS, user })), server(associateAc({ contexts: CONTEXTS, user }))]
  }

  test.each([
    ['one, where none was agreed', opening, ['async_window_exceeded']],
    ['what was agreed', windowed(3, 1), []],
    ['less', windowed(2, 9), ['async_window_exceeded']],
    ['any number', windowed(0, 0), []],
  ] as const)('at once are as many as the window allows: %s (PS3.7 §D.3.3.3)', (_, begin, violations) => {
    const three = [1, 2, 3].map(id => echoRq(id))
    const answers = [1, 2, 3].map(id => echoRsp(id))
    expect(associations(converse([...begin, client(...three), server(...answers), ...closing]))).toMatchObject([{ violations }])
    const inTurn = three.flatMap((asked, index) => [client(asked), server(answers[index])])
    expect(associations(converse([...begin, ...inTurn, ...closing]))).toMatchObject([{ violations: [] }])
  })

  test('at once are any number where answers may have been missed', () => {
    const asked = [client(echoRq(1)), { from: 'server', lost: 99 } as const, client(echoRq(2), echoRq(3))]
    expect(associations(converse([...opening, ...asked]))).toMatchObject([{ partial: ['gap'], violations: [] }])
  })

  test('at once of the acceptor are as many as it may have performed', () => {
    const asked = [server(echoRq(1), echoRq(2)), client(echoRsp(1), echoRsp(2))]
    const violationsOf = (begin: readonly Step[]) => associations(converse([...begin, ...asked, ...closing]))[0].violations
    expect([violationsOf(windowed(9, 1)), violationsOf(windowed(1, 2))]).toEqual([['async_window_exceeded'], []])
  })

  test('are reported without an answer when the association ends first', () => {
    const [only] = operations(converse([...opening, client(findRq(1), study('STUDY')), server(abort(2, 0))]))
    expect(only).toMatchObject({ status: undefined, responses: 0, outcome: 'failure' })
  })

  test('a message id that is used again before its answer is a violation', () => {
    const seen = converse([...opening, client(findRq(1), study('STUDY'), findRq(1), study('STUDY')), server(findRsp(1, 0)), ...closing])
    expect(operations(seen)).toHaveLength(2)
    expect(associations(seen)).toMatchObject([{ violations: ['duplicate_message_id'], operations: { find: 2 } }])
  })

  test.each([
    ['an answer to nothing', server(echoRsp(7)), 'unexpected_response'],
    ['a context that nobody proposed', client(command(9, { 256: 0x0030, 272: 1 })), 'unknown_presentation_context'],
    ['an unknown command', client(command(1, { 256: 0x0666, 272: 1 })), 'unknown_command'],
    ['a command set without a command', client(command(1, { 272: 1 })), 'bad_command_set'],
    ['a PDV longer than its PDU', client(pdu(4, Buffer.concat([Buffer.from([0, 0, 9, 0, 1, 3]), Buffer.alloc(8)]))), 'pdv_exceeds_pdu'],
    ['a PDU too short for a PDV', client(pdu(4, Buffer.alloc(3))), 'pdv_exceeds_pdu'],
    ['a PDU longer than the acceptor takes', client(pData(pdv(1, 0, Buffer.alloc(20_000)))), 'pdu_exceeds_maximum'],
    ['a PDU of no known type', client(pdu(9, Buffer.alloc(4))), 'unknown_pdu_type'],
    ['a release that nobody asked for', server(releaseRp()), 'unexpected_pdu'],
  ])('%s is noted as a violation', (_, step, code) => {
    expect(associations(converse([...opening, step]))).toMatchObject([{ violations: [code] }])
  })

  test('a rejected context is no place for a command', () => {
    const answer = [{ ...ECHO, result: 3 }, FIND, STORE]
    const seen = converse([opening[0], server(associateAc({ contexts: answer })), client(echoRq(1)), server(echoRsp(1)), ...closing])
    expect(associations(seen)).toMatchObject([{ violations: ['rejected_presentation_context'] }])
  })
})

describe('stores', () => {
  test('roll up with their pixel bytes, in PDUs of any shape', () => {
    const whole = image(5000)
    const content = whole.subarray(12)
    const pieces = Array.from({ length: Math.ceil(content.length / 700) }, (_, index) => content.subarray(index * 700, (index + 1) * 700))
    const small = pieces.map((piece, index) => pdv(5, index === pieces.length - 1 ? 2 : 0, piece))
    const seen = converse([
      ...opening,
      client(storeRq(1), whole),
      server(storeRsp(1)),
      client(storeRq(2), pData(...small.slice(0, 3)), ...small.slice(3).map(one => pData(one))),
      server(storeRsp(2, 0xb007)),
      ...closing,
    ])
    expect(stores(seen)).toMatchObject([
      {
        instances: 2,
        failed: 0,
        studies: 1,
        series: 1,
        pixelBytes: 10_000,
        modalities: ['CT'],
        status: { code: '0xB007', class: 'warning' },
      },
    ])
    expect(associations(seen)).toMatchObject([{ studies: 1, pixelBytes: 10_000, violations: [] }])
  })

  test('an empty last fragment ends a data set', () => {
    const content = image(100).subarray(12)
    const seen = converse([
      ...opening,
      client(storeRq(1), pData(pdv(5, 0, content)), pData(pdv(5, 2, Buffer.alloc(0)))),
      server(storeRsp(1)),
      ...closing,
    ])
    expect(stores(seen)).toMatchObject([{ pixelBytes: 100, outcome: 'success' }])
  })

  test('data sets of two contexts may interleave', () => {
    const [first, second] = [image(64).subarray(12), image(32).subarray(12)]
    const contexts = [STORE, { ...STORE, id: 7 }]
    const on7 = command(7, { 2: CT_IMAGE, 256: 0x0001, 272: 2, 2048: 1, 4096: '1.2.4' })
    const seen = converse([
      client(associateRq({ contexts })),
      server(associateAc({ contexts })),
      client(storeRq(1), on7, pData(pdv(5, 0, first.subarray(0, 50))), pData(pdv(7, 0, second.subarray(0, 20)))),
      client(pData(pdv(7, 2, second.subarray(20))), pData(pdv(5, 2, first.subarray(50)))),
      server(storeRsp(1), storeRsp(2)),
      ...closing,
    ])
    expect(stores(seen)).toMatchObject([{ instances: 2, pixelBytes: 96, outcome: 'success' }])
  })
})

describe('what the mirror does not show', () => {
  test('joined in the middle, operations are read and the association is of unknown outcome', () => {
    const seen = converse([client(Buffer.from('tail of an image'), storeRq(4), image(10)), server(storeRsp(4)), ...closing], 'closed', {
      midstream: true,
    })
    expect(associations(seen)).toMatchObject([{ result: 'unknown', outcome: 'unknown', partial: ['midstream'], operations: { store: 1 } }])
    expect(stores(seen)).toMatchObject([{ modalities: ['CT'], pixelBytes: 10 }])
  })

  test('an association requested on a connection joined in the middle is read whole', () => {
    const seen = converse([client(Buffer.alloc(40), associateRq({ contexts: CONTEXTS })), ...opening.slice(1), ...closing], 'closed', {
      midstream: true,
    })
    expect(associations(seen)).toMatchObject([{ result: 'accepted', association: { callingAeTitle: 'CT01' } }])
  })

  test('a gap inside pixel data costs no synchronization', () => {
    const whole = Buffer.concat([storeRq(1), image(9000)])
    const seen = converse([
      ...opening,
      client(whole.subarray(0, 4000)),
      { from: 'client', lost: 3000 },
      client(whole.subarray(7000), storeRq(2), image(10)),
      server(storeRsp(1), storeRsp(2)),
      ...closing,
    ])
    expect(stores(seen)).toMatchObject([{ instances: 2, partial: ['gap'], outcome: 'success' }])
    expect(associations(seen)).toMatchObject([{ ending: 'released', partial: ['gap'], violations: [] }])
  })

  test('silence for as long as configured ends an association, and what follows is the rest of it', () => {
    const steps = [
      ...opening,
      { from: 'client', silence: 3000 },
      client(echoRq(1)),
      server(echoRsp(1)),
      { from: 'client', silence: 3601 },
    ] as const
    const later = [...steps, { from: 'client', silence: 9000 }, client(echoRq(2)), server(echoRsp(2)), ...closing] as const
    expect(associations(converse(later, 'closed', { lastTime: 0 }))).toMatchObject([
      { ending: 'timed_out', outcome: 'failure', operations: { echo: 1 }, partial: [] },
      { ending: 'released', outcome: 'unknown', operations: { echo: 1 }, partial: ['midstream'] },
    ])
  })

  test('after a gap over a PDU header the next P-DATA PDU is found', () => {
    const lost = echoRq(1)
    const seen = converse([
      ...opening,
      client(lost.subarray(0, 3)),
      { from: 'client', lost: lost.length + 9 },
      client(echoRq(2)),
      server(echoRsp(2)),
    ])
    expect(associations(seen)).toMatchObject([{ operations: { echo: 1 }, partial: ['gap'] }])
  })

  test.each([
    ['a request for release', 'client', releaseRq(), { ending: 'released', outcome: 'success' }],
    ['the answer to one', 'server', releaseRp(), { ending: 'released', outcome: 'success' }],
    ['an abort', 'server', abort(2, 1), { ending: 'aborted', outcome: 'failure', abort: { reason: 'unrecognized_pdu' } }],
    ['none of these', 'client', Buffer.alloc(10), { ending: 'closed', outcome: 'unknown' }],
  ] as const)('after a gap over a PDU header the last bytes of a side tell how it ended: %s', (_, from, bytes, expected) => {
    const lost = [
      { from: 'client', lost: 2000 },
      { from: 'server', lost: 2000 },
    ] as const
    for (const pieces of [[bytes], [...bytes].map(byte => Buffer.from([byte]))])
      for (const end of [[], [{ from, closed: true } as const]]) {
        const said = pieces.map(piece => ({ from, bytes: piece }))
        expect(associations(converse([...opening, ...lost, ...said, ...end]))).toMatchObject([{ ...expected, partial: ['gap'] }])
      }
  })

  test('from the client alone, requests are counted and nothing is called a failure', () => {
    const seen = converse([opening[0], client(findRq(1), study('STUDY'), storeRq(2), image(8)), client(releaseRq())])
    expect(associations(seen)).toMatchObject([{ result: 'unknown', ending: 'released', outcome: 'unknown', partial: ['one_sided'] }])
    expect([...operations(seen), ...stores(seen)].map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown'])
  })

  test('from the server alone, answers tell what was asked', () => {
    const seen = converse([opening[1], server(findRsp(1, 0xff00), study('STUDY'), findRsp(1, 0), storeRsp(2)), server(releaseRp())])
    expect(associations(seen)).toMatchObject([
      { result: 'accepted', ending: 'released', partial: ['one_sided'], association: { callingAeTitle: 'CT01', calledAeTitle: 'ARCHIVE' } },
    ])
    expect(operations(seen)).toMatchObject([{ operation: 'C-FIND', direction: 0, responses: 2, outcome: 'success' }])
    expect(stores(seen)).toMatchObject([{ instances: 1, direction: 0, outcome: 'success' }])
  })
})

describe('identity', () => {
  const made = (model: string): readonly Buffer[] => [
    explicit(0x0008, 0x0060, 'CS', ascii('CT')),
    explicit(0x0008, 0x0070, 'LO', text('SIEMENS')),
    explicit(0x0008, 0x1090, 'LO', text(model)),
  ]
  const identities = (...steps: Parameters<typeof converse>[0]) =>
    converse([...opening, ...steps, ...closing]).filter(
      one => one.kind === 'device-identity' && one.facts.some(({ attribute }) => attribute === 'model'),
    )

  test('images of one device are about their sender', () => {
    const seen = identities(client(storeRq(1), dataset(5, ...made('A'))), server(storeRsp(1)))
    expect(seen).toMatchObject([{ about: 'client', forwarded: false }])
  })

  test('images of several devices are forwarded', () => {
    const seen = identities(
      client(storeRq(1), dataset(5, ...made('A')), storeRq(2), dataset(5, ...made('B'))),
      server(storeRsp(1), storeRsp(2)),
    )
    expect(seen).toMatchObject([{ forwarded: true }, { forwarded: true }])
  })

  test('images sent for a C-MOVE are forwarded', () => {
    const moved = command(5, { 2: CT_IMAGE, 256: 0x0001, 272: 1, 2048: 1, 4096: '1.2.3', 4144: 'WS01', 4145: 5 })
    expect(identities(client(moved, dataset(5, ...made('A'))), server(storeRsp(1)))).toMatchObject([{ forwarded: true }])
  })
})
