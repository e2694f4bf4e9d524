"""DICOMweb and FHIR clients (dicomweb-client, fhirpy):

web_peer.py search BASE | retrieve BASE STUDY SERIES INSTANCE | view BASE STUDY SERIES INSTANCE COUNT | store BASE FILE…
web_peer.py program FILE OUT      a DICOM file whose preamble makes it an ELF program too (CVE-2019-11687)
web_peer.py pipeline HOST PORT TARGET…      requests sent at once, before the first is answered
web_peer.py fhir BASE
"""
import socket
import sys
from pathlib import Path

import pydicom
from dicomweb_client.api import DICOMwebClient
from fhirpy import SyncFHIRClient


def search(base):
    client = DICOMwebClient(base)
    client.search_for_studies(search_filters={"PatientName": "WWPHI*"}, fields=["StudyDescription", "00080061"], fuzzymatching=True, limit=10)
    client.search_for_studies(search_filters={"PatientID": "WWPHI0001", "StudyDate": "20250101-20251231"})
    client.search_for_series(search_filters={"Modality": "CT"})
    client.search_for_studies()


def retrieve(base, study, series, instance):
    client = DICOMwebClient(base)
    client.retrieve_study(study)
    client.retrieve_series_metadata(study, series)
    client.retrieve_instance(study, series, instance)
    client.retrieve_instance_frames(study, series, instance, frame_numbers=[1], media_types=(("application/octet-stream", "1.2.840.10008.1.2.1"),))
    client.retrieve_instance_rendered(study, series, instance, media_types=("image/jpeg",))


def view(base, study, series, instance, count):
    client = DICOMwebClient(base)
    for _ in range(int(count)):
        client.retrieve_instance_rendered(study, series, instance, media_types=("image/jpeg",))


def store(base, *files):
    DICOMwebClient(base).store_instances([pydicom.dcmread(file) for file in files])


def program(file, out):
    data = Path(file).read_bytes()
    head = b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x02\0\x3e\0\x01\0\0\0"
    Path(out).write_bytes(head + data[len(head):])


def pipeline(host, port, *targets):
    with socket.create_connection((host, int(port))) as connection:
        requests = [f"GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: application/dicom+json\r\nUser-Agent: raw/1.0\r\n" for target in targets]
        requests[-1] += "Connection: close\r\n"
        connection.sendall("".join(request + "\r\n" for request in requests).encode())
        while connection.recv(65536):
            pass


def fhir(base):
    client = SyncFHIRClient(base)
    patient = client.resource("Patient", name=[{"family": "WWPHIDOE", "given": ["JOHN"]}], birthDate="1911-02-13")
    patient.save()
    client.resources("Patient").search(name="WWPHIDOE", birthdate="1911-02-13").fetch()
    client.reference("Patient", patient.id).to_resource()
    patient.delete()


{f.__name__: f for f in (search, retrieve, view, store, program, pipeline, fhir)}[sys.argv[1]](*sys.argv[2:])
