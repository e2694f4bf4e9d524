import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { answer, chunked, get, HttpConversation, head } from './conversation.ts'

const page = (title: string, before = ''): string =>
  `<!DOCTYPE html><html><head>${before}<title>${title}</title></head><body></body></html>`
const HTML = 'text/html; charset=utf-8'

const titlesOf = (talk: HttpConversation): readonly string[] =>
  talk.facts.flatMap(fact => (fact.startsWith('server http_title ') ? [fact.slice('server http_title '.length)] : []))
const titles = (request: string, response: string | Buffer): readonly string[] =>
  titlesOf(new HttpConversation().client(request).server(response).end())

describe('the title of a page', () => {
  test('tells what the server is', () => {
    const talk = new HttpConversation().client(get('/')).server(answer(200, HTML, page('Orthanc Explorer')))
    expect(talk.observations).toMatchObject([
      {
        kind: 'device-identity',
        protocol: 'http',
        about: 'server',
        forwarded: false,
        facts: [{ attribute: 'http_title', value: 'Orthanc Explorer', field: 'title' }],
      },
    ])
  })

  test.each([
    '/',
    '/?lang=de',
    '/index.html',
    '/login',
    '/Login.aspx?ReturnUrl=%2f',
    '/app/explorer.html',
    '/cgi-bin/ui/login.cgi',
    '/home.asp',
  ])('is read at %s', target => expect(titles(get(target), answer(200, HTML, page('X 1')))).toEqual(['X 1']))

  test.each([
    ['at any other address', get('/patients/WWPHI')],
    ['deep below', get('/a/b/c/d/index.html')],
    ['of a path that only begins so', get('/logins')],
    ['of a proxy', get('http://elsewhere.example/')],
    ['behind a session', get('/', 'Cookie: JSESSIONID=1')],
    ['behind a login', get('/', 'Authorization: Basic eDp5')],
    ['behind a token', get('/?token=x')],
    ['in answer to a form', head('POST /login HTTP/1.1', 'Host: x', 'Content-Length: 0')],
  ])('is not read %s', (_, request) => expect(titles(request, answer(200, HTML, page('DOE^WWPHI')))).toEqual([]))

  test.each([
    ['of an error', answer(500, HTML, page('X 1'))],
    ['of a redirection', answer(302, HTML, page('X 1'))],
    ['that is longer than a name', answer(200, HTML, page('x'.repeat(81)))],
    ['that is empty', answer(200, HTML, page(' &nbsp; '))],
    ['without an end', answer(200, HTML, '<title>X 1')],
    ['beyond the first 8 KiB', answer(200, HTML, page('X 1', `<style>${' '.repeat(8192)}</style>`))],
    ['of what is no page', answer(200, 'text/plain', page('X 1'))],
  ])('is not read %s', (_, response) => expect(titles(get('/'), response)).toEqual([]))

  test('is not read on a connection that somebody logged in on', () => {
    const talk = new HttpConversation()
      .client(get('/login', 'Authorization: NTLM eDp5'))
      .server(answer(200, HTML, page('X 1')))
      .client(get('/'))
      .server(answer(200, HTML, page('DOE^WWPHI')))
    expect(titlesOf(talk)).toEqual([])
  })

  test('is not read where somebody may have logged in before, unseen', () => {
    const joined = new HttpConversation({ midstream: true }).client(get('/')).server(answer(200, HTML, page('DOE^WWPHI')))
    const gap = new HttpConversation()
      .gap(0, 100)
      .client(get('/'))
      .server(answer(200, HTML, page('DOE^WWPHI')))
    expect([...titlesOf(joined), ...titlesOf(gap)]).toEqual([])
  })

  test('of a page that asks who is there is read at any address, and with what was tried', () => {
    expect(titles(get('/dicomweb', 'Authorization: Basic eDp5'), answer(401, HTML, page('X 1')))).toEqual(['X 1'])
  })

  test.each([
    ['&amp;', page('A &amp; B&nbsp;&#50; &#x33; &lt;&quot;&unknown;&#9999999;'), HTML, 'A & B 2 3 <"&unknown;&#9999999;'],
    ['line ends', page('\r\n  A\t\n B \n'), HTML, 'A B'],
    ['UTF-8', Buffer.from(page('Dräger')), HTML, 'Dräger'],
    ['UTF-8 where nothing is said', Buffer.from(page('Dräger')), 'text/html', 'Dräger'],
    ['Latin-1', Buffer.from(page('Dräger'), 'latin1'), 'text/html; charset=ISO-8859-1', 'Dräger'],
    ['the page’s own word', Buffer.from(page('Dräger', '<meta charset="windows-1252">'), 'latin1'), 'text/html', 'Dräger'],
    [
      'the page’s own older word',
      Buffer.from(page('Dräger', '<META http-equiv=Content-Type content="text/html; charset=iso-8859-1">'), 'latin1'),
      'text/html',
      'Dräger',
    ],
    [
      'Shift JIS',
      Buffer.concat([Buffer.from('<title>'), Buffer.from('93fa967b', 'hex'), Buffer.from('</title>')]),
      'text/html; charset=shift_jis',
      '日本',
    ],
    ['an unknown character set', page('X 1'), 'text/html; charset=x-none', 'X 1'],
    ['attributes', '<TITLE id="t">X 1</TITLE>', HTML, 'X 1'],
  ])('is decoded: %s', (_, body, type, title) => expect(titles(get('/'), answer(200, type, body))).toEqual([title]))

  test.each(['gzip', 'deflate'])('is read in a body that is compressed by %s', coding => {
    const body = page('X 1', `<style>${'a'.repeat(2000)}</style>`)
    expect(titles(get('/'), answer(200, HTML, gzipSync(body), `Content-Encoding: ${coding}`))).toEqual(['X 1'])
  })

  test('is read in chunks, and whatever pieces they come in', () => {
    const response = `${head('HTTP/1.1 200 OK', `Content-Type: ${HTML}`, 'Transfer-Encoding: chunked')}${chunked(...(page('X 1').match(/.{1,7}/gs) ?? []))}`
    for (const size of [1, 2, 3, 50, 100_000]) {
      const talk = new HttpConversation().client(get('/'))
      for (let at = 0; at < response.length; at += size) talk.server(response.slice(at, at + size))
      expect(titlesOf(talk)).toEqual(['X 1'])
    }
  })

  test('is not put together over lost bytes, nor read behind them', () => {
    const start = head('HTTP/1.1 200 OK', `Content-Type: ${HTML}`, 'Content-Length: 1000')
    const cut = (before: string, after: string): readonly string[] =>
      titlesOf(new HttpConversation().client(get('/')).server(`${start}${before}`).gap(1, 100).server(after).end())
    expect(cut('<title>X', ' 1</title>')).toEqual([])
    expect(cut('<html>', '<title>X 1</title>')).toEqual([])
    expect(cut('<title>X 1</title>', 'y')).toEqual(['X 1'])
  })

  test('is told once on a connection', () => {
    const talk = new HttpConversation()
    for (let round = 0; round < 3; round++) talk.client(get('/')).server(answer(200, HTML, page('X 1')))
    expect(titlesOf(talk)).toEqual(['X 1'])
  })

  test('of the answer to a clinical question is not read', () => {
    expect(titles(get('/dicom-web/studies'), answer(200, HTML, page('X 1')))).toEqual([])
  })
})

describe('the realm of a challenge', () => {
  const realms = (challenge: string, status = 401): readonly string[] =>
    new HttpConversation()
      .client(get('/x'))
      .server(answer(status, 'text/plain', '', `WWW-Authenticate: ${challenge}`))
      .facts.filter(fact => fact.startsWith('server http_realm'))

  test.each([
    ['Basic realm="Orthanc Secure Area"', 'Orthanc Secure Area'],
    ['Negotiate, Digest qop="auth", realm="level_15_access", nonce="1"', 'level_15_access'],
    ['Basic realm="a \\"b\\""', 'a "b"'],
  ])('%s', (challenge, realm) => expect(realms(challenge)).toEqual([`server http_realm ${realm}`]))

  test.each(['Negotiate', 'Basic realm=""', 'Basic realm="no end', `Basic realm="${'x'.repeat(81)}"`])('is none in %s', challenge =>
    expect(realms(challenge)).toEqual([]),
  )

  test('counts where it is asked for', () => expect(realms('Basic realm="X"', 200)).toEqual([]))
})
