// dcmjs-dimse as user and provider: dcmjs_peer.ts scp PORT [strict] | echo|find|store|identity PEER PORT CALLING CALLED [file…]
import { createRequire } from 'node:module'

type Dimse = typeof import('dcmjs-dimse')
type Association = InstanceType<Dimse['association']['Association']>
type EchoRequest = InstanceType<Dimse['requests']['CEchoRequest']>
type FindRequest = InstanceType<Dimse['requests']['CFindRequest']>
type StoreRequest = InstanceType<Dimse['requests']['CStoreRequest']>
type EchoResponse = InstanceType<Dimse['responses']['CEchoResponse']>
type FindResponse = InstanceType<Dimse['responses']['CFindResponse']>
type StoreResponse = InstanceType<Dimse['responses']['CStoreResponse']>

const { Client, constants, Dataset, requests, responses, Scp, Server } = createRequire(import.meta.url)('dcmjs-dimse') as Dimse
const { PresentationContextResult, RejectReason, RejectResult, RejectSource, Status, TransferSyntax, UserIdentityType } = constants

const MATCH = {
  PatientID: 'WWPHI0042',
  PatientName: 'WWPHIDCMJS^ONE',
  PatientBirthDate: '19110213',
  StudyInstanceUID: '1.2.826.0.1.3680043.10.1.77777.42',
}

class Provider extends Scp {
  override associationRequested(association: Association): void {
    if (process.argv.includes('strict') && association.getCallingAeTitle() !== 'CT01') {
      this.sendAssociationReject(RejectResult.Permanent, RejectSource.ServiceUser, RejectReason.CallingAeNotRecognized)
      return
    }
    for (const { id } of association.getPresentationContexts()) {
      const context = association.getPresentationContext(id)
      const plain: readonly string[] = [TransferSyntax.ExplicitVRLittleEndian, TransferSyntax.ImplicitVRLittleEndian]
      const wanted = context.getTransferSyntaxUids().find(uid => plain.includes(uid))
      if (wanted === undefined) context.setResult(PresentationContextResult.RejectTransferSyntaxesNotSupported)
      else context.setResult(PresentationContextResult.Accept, wanted)
    }
    if (association.getNegotiateUserIdentity() && association.getUserIdentityPositiveResponseRequested()) {
      association.setUserIdentityServerResponse('accepted')
      association.setNegotiateUserIdentityServerResponse(true)
    }
    this.sendAssociationAccept()
  }

  override cEchoRequest(request: EchoRequest, callback: (response: EchoResponse) => void): void {
    const response = responses.CEchoResponse.fromRequest(request)
    response.setStatus(Status.Success)
    callback(response)
  }

  override cStoreRequest(request: StoreRequest, callback: (response: StoreResponse) => void): void {
    const response = responses.CStoreResponse.fromRequest(request)
    response.setStatus(Status.Success)
    callback(response)
  }

  override cFindRequest(request: FindRequest, callback: (responses: FindResponse[]) => void): void {
    const match = responses.CFindResponse.fromRequest(request)
    match.setDataset(new Dataset(MATCH))
    match.setStatus(Status.Pending)
    const final = responses.CFindResponse.fromRequest(request)
    final.setStatus(Status.Success)
    callback([match, final])
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse()
  }
}

function listen(port: number): void {
  const server = new Server(Provider)
  server.on('networkError', (error: Error) => console.error(error.message))
  server.listen(port)
}

function request(kind: string, [peer, port, calling, called, ...files]: readonly string[]): void {
  const client = new Client()
  if (kind === 'echo' || kind === 'identity') client.addRequest(new requests.CEchoRequest())
  if (kind === 'find') client.addRequest(requests.CFindRequest.createStudyFindRequest({ PatientName: 'WWPHI*', StudyInstanceUID: '' }))
  if (kind === 'store') for (const file of files) client.addRequest(new requests.CStoreRequest(file))
  client.on('associationRejected', (reason: unknown) => console.log('rejected', reason))
  client.on('networkError', (error: Error) => console.error(error.message))
  const userIdentity = {
    type: UserIdentityType.UsernameAndPasscode,
    positiveResponseRequested: true,
    primaryField: 'WWPHIuser',
    secondaryField: 'WWPHIsecret',
  }
  client.send(peer ?? '', Number(port), calling ?? '', called ?? '', kind === 'identity' ? { userIdentity } : {})
}

const [command, ...rest] = process.argv.slice(2)
if (command === 'scp') listen(Number(rest[0]))
else request(command ?? '', rest)
