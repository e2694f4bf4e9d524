"""pynetdicom as both sides of every service that the other toolkits lack: dicom_peer.py COMMAND [options]; see `--help`."""
import argparse
import socket
import ssl
import sys
import time
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, UID
from pynetdicom import AE, StoragePresentationContexts, build_role, evt
from pynetdicom.pdu_primitives import AsynchronousOperationsWindowNegotiation, SOPClassExtendedNegotiation, UserIdentityNegotiation
from pynetdicom.sop_class import (
    CTImageStorage,
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
    MRImageStorage,
    PatientRootQueryRetrieveInformationModelFind,
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

ROOT = "1.2.826.0.1.3680043.10.1.77777"
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"


def new_ae(options):
    ae = AE(ae_title=options.aet)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 20
    return ae


def associate(ae, options, **extra):
    association = ae.associate(options.peer, options.port, ae_title=options.aec, **extra)
    if not association.is_established:
        print("not established:", "rejected" if association.is_rejected else "failed")
        sys.exit(3)
    return association


def scp(options):
    """Archive, MPPS manager and storage commitment provider."""
    ae = new_ae(options)
    ae.require_called_aet = options.strict
    ae.maximum_pdu_size = 32768
    store = []

    def on_store(event):
        ds = event.dataset
        ds.file_meta = event.file_meta
        store.append(ds)
        return options.store_status

    def on_find(event):
        for index in range(options.matches):
            if event.is_cancelled:
                yield 0xFE00, None
                return
            match = Dataset()
            match.QueryRetrieveLevel = event.identifier.get("QueryRetrieveLevel", "STUDY")
            match.PatientName = f"WWPHIMATCH^{index}"
            match.PatientID = f"WWPHI{index:04d}"
            match.PatientBirthDate = "19110213"
            match.StudyInstanceUID = f"{ROOT}.{500 + index}"
            match.AccessionNumber = f"WWPHIACC{index:04d}"
            time.sleep(options.delay)
            yield 0xFF00, match

    def on_get(event):
        yield len(store)
        for ds in store:
            yield 0xFF00, ds

    def on_move(event):
        if event.move_destination != options.move_aet:
            yield None, None
            return
        yield options.move_host, options.move_port
        yield len(store)
        for ds in store:
            yield 0xFF00, ds

    def on_create(event):
        answer = Dataset()
        answer.update(event.attribute_list)
        answer.SOPInstanceUID = event.request.AffectedSOPInstanceUID
        return 0x0000, answer

    def on_set(event):
        return 0x0000, event.attribute_list

    def on_action(event):
        print("commitment asked for", len(event.action_information.ReferencedSOPSequence))
        committed.append((event.assoc.requestor.ae_title, event.assoc.requestor.address, event.action_information))
        return 0x0000, None

    def on_user_id(event):
        return event.primary_field == b"WWPHIuser", None

    committed = []
    for context in StoragePresentationContexts:
        ae.add_supported_context(context.abstract_syntax, scu_role=True, scp_role=True)
    for uid in (Verification, PatientRootQueryRetrieveInformationModelFind, StudyRootQueryRetrieveInformationModelFind, ModalityWorklistInformationFind,
                StudyRootQueryRetrieveInformationModelMove, StudyRootQueryRetrieveInformationModelGet, ModalityPerformedProcedureStep, StorageCommitmentPushModel):
        ae.add_supported_context(uid)
    handlers = [(evt.EVT_C_STORE, on_store), (evt.EVT_C_FIND, on_find), (evt.EVT_C_GET, on_get), (evt.EVT_C_MOVE, on_move), (evt.EVT_C_ECHO, lambda e: 0),
                (evt.EVT_N_CREATE, on_create), (evt.EVT_N_SET, on_set), (evt.EVT_N_ACTION, on_action), (evt.EVT_USER_ID, on_user_id)]
    context = None
    if options.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(f"{options.tls}/server.crt", f"{options.tls}/server.key")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    server = ae.start_server((options.bind, options.port), block=False, evt_handlers=handlers, ssl_context=context)
    while True:
        time.sleep(0.1)
        while committed:
            time.sleep(0.5)
            report_commitment(options, *committed.pop())
    server.shutdown()


def report_commitment(options, aet, address, information):
    """The result of a commitment on an association of our own, with the roles turned round (PS3.4 J.3.3)."""
    ae = new_ae(options)
    ae.add_requested_context(StorageCommitmentPushModel)
    association = ae.associate(address, options.commit_port, ae_title=aet, ext_neg=[build_role(StorageCommitmentPushModel, scu_role=False, scp_role=True)])
    if association.is_established:
        association.send_n_event_report(information, 1, StorageCommitmentPushModel, COMMITMENT_INSTANCE)
        association.release()


def commitment_listener(options):
    """Modality side of storage commitment: takes the event report."""
    ae = new_ae(options)
    ae.add_supported_context(StorageCommitmentPushModel, scu_role=False, scp_role=True)
    ae.start_server(("0.0.0.0", options.port), block=True, evt_handlers=[(evt.EVT_N_EVENT_REPORT, lambda e: (0x0000, None))])


def echo(options):
    ae = new_ae(options)
    ae.add_requested_context(Verification)
    association = associate(ae, options)
    for _ in range(options.repeat):
        association.send_c_echo()
    association.release()


def store(options):
    ae = new_ae(options)
    datasets = [dcmread(name) for name in options.files]
    for pair in {(ds.SOPClassUID, ds.file_meta.TransferSyntaxUID) for ds in datasets}:
        ae.add_requested_context(pair[0], [pair[1]])
    extra = {}
    if options.tls:
        context = ssl.create_default_context(cafile=f"{options.tls}/ca.crt")
        context.check_hostname = False
        extra["tls_args"] = (context, "pacs.hospital.example")
    association = associate(ae, options, **extra)
    time.sleep(options.wait)
    for ds in datasets:
        status = association.send_c_store(ds)
        print("store", hex(status.Status) if status else "no status")
    if options.linger:
        time.sleep(options.linger)
    association.abort() if options.abort else association.release()


ABORT = bytes.fromhex("07000000000400000000")


def torn(options):
    """A store that its sender breaks off inside a PDU, to abort there and then (PS3.8 9.3.8 by a service user)."""
    ae = new_ae(options)
    ds = dcmread(options.files[0])
    ae.add_requested_context(ds.SOPClassUID, [ds.file_meta.TransferSyntaxUID])
    association = associate(ae, options)
    transport = association.dul.socket
    send = transport.send

    def send_half(pdu):
        if pdu[0] != 4 or len(pdu) < 2000:
            send(pdu)
            return
        send(pdu[: len(pdu) // 2] + ABORT)
        transport.socket.shutdown(socket.SHUT_WR)

    transport.send = send_half
    association.send_c_store(ds)


def query(options):
    ds = Dataset()
    ds.QueryRetrieveLevel = options.level
    for key in options.key:
        name, _, value = key.partition("=")
        setattr(ds, name, value)
    return ds


def find(options):
    model = {"study": StudyRootQueryRetrieveInformationModelFind, "patient": PatientRootQueryRetrieveInformationModelFind}[options.model]
    ae = new_ae(options)
    ae.add_requested_context(model)
    extra = [negotiation for negotiation in (user_identity(options), window(options), relational(options, model)) if negotiation]
    association = associate(ae, options, ext_neg=extra)
    for index, (status, _) in enumerate(association.send_c_find(query(options), model, msg_id=7)):
        if options.cancel_after and index + 1 == options.cancel_after:
            association.send_c_cancel(7, query_model=model)
        print("find", hex(status.Status) if status else "no status")
    association.release()


def user_identity(options):
    if not options.user:
        return None
    item = UserIdentityNegotiation()
    item.user_identity_type = 2 if options.passcode else 1
    item.positive_response_requested = True
    item.primary_field = options.user.encode()
    if options.passcode:
        item.secondary_field = options.passcode.encode()
    return item


def window(options):
    if not options.window:
        return None
    item = AsynchronousOperationsWindowNegotiation()
    item.maximum_number_operations_invoked = options.window
    item.maximum_number_operations_performed = options.window
    return item


def relational(options, model):
    if not options.relational:
        return None
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid = model
    item.service_class_application_information = b"\x01"
    return item


def get(options):
    ae = new_ae(options)
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    roles = []
    for uid in (CTImageStorage, MRImageStorage):
        ae.add_requested_context(uid, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
        roles.append(build_role(uid, scp_role=True))
    association = associate(ae, options, ext_neg=roles, evt_handlers=[(evt.EVT_C_STORE, lambda e: 0x0000)])
    for status, _ in association.send_c_get(query(options), StudyRootQueryRetrieveInformationModelGet):
        print("get", hex(status.Status) if status else "no status")
    association.release()


def move(options):
    ae = new_ae(options)
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelMove)
    association = associate(ae, options)
    for status, _ in association.send_c_move(query(options), options.destination, StudyRootQueryRetrieveInformationModelMove):
        print("move", hex(status.Status) if status else "no status")
    association.release()


def mpps(options):
    """A procedure step that is begun (N-CREATE) and finished (N-SET)."""
    ae = new_ae(options)
    ae.add_requested_context(ModalityPerformedProcedureStep)
    association = associate(ae, options)
    instance = UID(f"{ROOT}.900.1")
    begun = Dataset()
    begun.SpecificCharacterSet = "ISO_IR 100"
    begun.PatientName, begun.PatientID, begun.PatientBirthDate, begun.PatientSex = "WWPHIDOE^JANE1", "WWPHI0001", "19110213", "F"
    begun.PerformedProcedureStepID, begun.PerformedStationAETitle, begun.PerformedStationName = "WWPHIPPS1", options.aet, options.aet
    begun.PerformedProcedureStepStartDate, begun.PerformedProcedureStepStartTime = "20250311", "101500"
    begun.PerformedProcedureStepStatus, begun.Modality, begun.StudyID = "IN PROGRESS", "CT", "WWPHIS1"
    begun.PerformedProcedureStepEndDate = begun.PerformedProcedureStepEndTime = ""
    step = Dataset()
    step.StudyInstanceUID, step.AccessionNumber = f"{ROOT}.1", "WWPHIACC0001"
    begun.ScheduledStepAttributesSequence = [step]
    begun.PerformedSeriesSequence = []
    print("create", association.send_n_create(begun, ModalityPerformedProcedureStep, instance)[0])
    done = Dataset()
    done.PerformedProcedureStepStatus = "COMPLETED"
    done.PerformedProcedureStepEndDate, done.PerformedProcedureStepEndTime = "20250311", "102000"
    series = Dataset()
    series.SeriesInstanceUID = f"{ROOT}.1.1"
    series.PerformingPhysicianName = "WWPHIDOC^DOCTOR"
    done.PerformedSeriesSequence = [series]
    print("set", association.send_n_set(done, ModalityPerformedProcedureStep, instance)[0])
    association.release()


def commit(options):
    ae = new_ae(options)
    ae.add_requested_context(StorageCommitmentPushModel)
    association = associate(ae, options)
    wish = Dataset()
    wish.TransactionUID = f"{ROOT}.950.1"
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CTImageStorage, f"{ROOT}.1.1.1"
    wish.ReferencedSOPSequence = [item]
    print("action", association.send_n_action(wish, 1, StorageCommitmentPushModel, COMMITMENT_INSTANCE)[0])
    association.release()
    time.sleep(options.linger)


COMMANDS = dict(scp=scp, listener=commitment_listener, echo=echo, store=store, torn=torn, find=find, get=get, move=move, mpps=mpps, commit=commit)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--aet", default="PYNETDICOM")
    parser.add_argument("--aec", default="ANY-SCP")
    parser.add_argument("--peer")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bind", default="0.0.0.0")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--tls", help="folder with ca.crt, server.crt, server.key")
    parser.add_argument("--store-status", type=lambda text: int(text, 0), default=0)
    parser.add_argument("--matches", type=int, default=3)
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--move-aet")
    parser.add_argument("--move-host")
    parser.add_argument("--move-port", type=int)
    parser.add_argument("--commit-port", type=int, default=104)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--wait", type=float, default=0)
    parser.add_argument("--linger", type=float, default=0)
    parser.add_argument("--abort", action="store_true")
    parser.add_argument("--level", default="STUDY")
    parser.add_argument("--model", default="study")
    parser.add_argument("--key", action="append", default=[])
    parser.add_argument("--cancel-after", type=int, default=0)
    parser.add_argument("--user")
    parser.add_argument("--passcode")
    parser.add_argument("--window", type=int)
    parser.add_argument("--relational", action="store_true")
    parser.add_argument("--destination")
    options = parser.parse_args()
    COMMANDS[options.command](options)


if __name__ == "__main__":
    main()
