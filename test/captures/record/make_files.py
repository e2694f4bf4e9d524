"""Synthetic DICOM objects and worklist entries for the recordings: make_files.py FOLDER

Every patient identifier carries a marker (WWPHI, WWPHIACC, 19110213, UIDs below 1.2.826.0.1.3680043.10.1.77777.), so that a leak can be
searched for. What describes a device is realistic.
"""
import subprocess
import sys
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless

ROOT = "1.2.826.0.1.3680043.10.1.77777"
SOP_CLASS = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "OT": "1.2.840.10008.5.1.4.1.1.7",
    "DOC": "1.2.840.10008.5.1.4.1.1.104.1",
}
DEVICE = {
    "CT": dict(Manufacturer="SIEMENS", ManufacturerModelName="SOMATOM Definition AS", SoftwareVersions="syngo CT 2012B",
               DeviceSerialNumber="66023", StationName="CT01", InstitutionName="General Hospital", InstitutionalDepartmentName="Radiology"),
    "MR": dict(Manufacturer="GE MEDICAL SYSTEMS", ManufacturerModelName="SIGNA Artist", SoftwareVersions="DV26.0_R05_2008",
               DeviceSerialNumber="MR604172", StationName="MR01", InstitutionName="General Hospital"),
    "US": dict(Manufacturer="SonoSite", ManufacturerModelName="X-Porte", SoftwareVersions="3.1.0.213",
               DeviceSerialNumber="WK0Q7D", StationName="US01", InstitutionName="General Hospital"),
    "OT": dict(Manufacturer="Carestream Health", ManufacturerModelName="DirectView", ConversionType="WSD", SecondaryCaptureDeviceManufacturer="Carestream Health",
               SecondaryCaptureDeviceManufacturerModelName="DirectView", SecondaryCaptureDeviceSoftwareVersions="5.7"),
    "DOC": dict(Manufacturer="Philips Medical Systems", ManufacturerModelName="PageWriter TC70", SoftwareVersions="A.07.08.01", ConversionType="WSD"),
}


def patient(ds, number, charset="ISO_IR 100", name=None):
    ds.SpecificCharacterSet = charset
    ds.PatientName = name or f"WWPHIDOE^JANE{number}"
    ds.PatientID = f"WWPHI{number:04d}"
    ds.PatientBirthDate = "19110213"
    ds.PatientSex = "F"
    ds.PatientAddress = f"{number} WWPHI STREET"
    ds.PatientTelephoneNumbers = f"WWPHI-555-{number:04d}"
    ds.AccessionNumber = f"WWPHIACC{number:04d}"
    ds.ReferringPhysicianName = "WWPHIREF^DOCTOR"


def image(modality, number, instance=1, size=64, charset="ISO_IR 100", name=None):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SOP_CLASS[modality]
    meta.MediaStorageSOPInstanceUID = f"{ROOT}.{number}.1.{instance}"
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID = meta.MediaStorageSOPClassUID
    ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID = f"{ROOT}.{number}"
    ds.SeriesInstanceUID = f"{ROOT}.{number}.1"
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = "20250311"
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = "101500"
    ds.StudyID = f"WWPHIS{number}"
    ds.StudyDescription = "WWPHI EXAM"
    ds.SeriesNumber = 1
    ds.InstanceNumber = instance
    ds.Modality = modality
    patient(ds, number, charset, name)
    for key, value in DEVICE[modality].items():
        setattr(ds, key, value)
    if modality == "DOC":
        ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
        ds.DocumentTitle = "WWPHI REPORT"
        ds.BurnedInAnnotation = "YES"
        body = b"%PDF-1.4\n% synthetic\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
        ds.EncapsulatedDocument = body + b"\0" * (len(body) % 2)
        return ds
    ds.Rows = ds.Columns = size
    colour = modality in ("US", "OT")
    ds.SamplesPerPixel = 3 if colour else 1
    ds.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    ds.BitsAllocated = 8 if colour else 16
    ds.BitsStored = 8 if colour else 12
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = 0
    ramp = (np.add.outer(np.arange(size), np.arange(size)) + 37 * instance) % (256 if colour else 4096)
    if colour:
        ds.PlanarConfiguration = 0
        ds.PixelData = np.stack([ramp, ramp[::-1], ramp[:, ::-1]], axis=-1).astype(np.uint8).tobytes()
    else:
        ds.PixelData = ramp.astype("<u2").tobytes()
    if modality == "CT":
        ds.KVP, ds.SliceThickness, ds.RescaleIntercept, ds.RescaleSlope = "120", "3", "-1024", "1"
        item = Dataset()
        item.ReferencedSOPClassUID = SOP_CLASS["CT"]
        item.ReferencedSOPInstanceUID = f"{ROOT}.{number}.1.999"
        ds.ReferencedImageSequence = Sequence([item])
    return ds


def with_equipment(ds):
    """Everything that a data set can say of devices: unique device identifiers, other equipment that had a part, and the station."""
    identifier = Dataset()
    identifier.UniqueDeviceIdentifier = "(01)04056869000123(21)66023"
    ds.UDISequence = Sequence([identifier])
    detector, gateway = Dataset(), Dataset()
    detector.Manufacturer, detector.ManufacturerModelName, detector.DeviceSerialNumber = "Varex Imaging", "XRD 4343RF", "V41877"
    gateway.Manufacturer, gateway.ManufacturerModelName, gateway.SoftwareVersions = "Laurel Bridge", "Compass", "3.0.13"
    for equipment, purpose in ((detector, ("109101", "Acquisition Equipment")), (gateway, ("109103", "Modifying Equipment"))):
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = purpose[0], "DCM", purpose[1]
        equipment.PurposeOfReferenceCodeSequence = Sequence([code])
    ds.ContributingEquipmentSequence = Sequence([detector, gateway])
    ds.PerformedStationAETitle = ds.PerformedStationName = "CT01"
    return ds


def with_program(ds):
    """A report that is a program (no more of one than its headers), and another in a private element."""
    program = bytearray(512)
    program[0:2], program[0x3C:0x40], program[0x80:0x84] = b"MZ", (0x80).to_bytes(4, "little"), b"PE\0\0"
    ds.EncapsulatedDocument = bytes(program)
    block = ds.private_block(0x0099, "WARDWIRE TEST", create=True)
    block.add_new(0x01, "OB", b"\x7fELF\x02\x01\x01\0" + bytes(56))
    return ds


def worklist(number, modality, station):
    ds = Dataset()
    patient(ds, number)
    ds.StudyInstanceUID = f"{ROOT}.{number}"
    ds.RequestedProcedureID = f"WWPHIRP{number}"
    ds.RequestedProcedureDescription = "WWPHI CHEST"
    ds.AdmissionID = f"WWPHIADM{number}"
    step = Dataset()
    step.Modality = modality
    step.ScheduledStationAETitle = station
    step.ScheduledStationName = station
    step.ScheduledProcedureStepStartDate = "20250311"
    step.ScheduledProcedureStepStartTime = "100000"
    step.ScheduledPerformingPhysicianName = "WWPHIDOC^DOCTOR"
    step.ScheduledProcedureStepID = f"WWPHISPS{number}"
    step.ScheduledProcedureStepDescription = "WWPHI CHEST"
    ds.ScheduledProcedureStepSequence = Sequence([step])
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.276.0.7230010.3.1.0.1"
    meta.MediaStorageSOPInstanceUID = f"{ROOT}.{number}.77"
    file = FileDataset("", ds, file_meta=meta, preamble=b"\0" * 128)
    return file


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)

    def save(ds, name, implicit=False):
        if implicit:
            ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        ds.save_as(folder / name, enforce_file_format=True)

    for instance in (1, 2, 3):
        save(image("CT", 1, instance), f"ct-{instance}.dcm")
        save(image("MR", 2, instance), f"mr-{instance}.dcm")
    save(image("CT", 3), "ct-implicit.dcm", implicit=True)
    save(image("US", 4), "us.dcm")
    save(image("OT", 5), "sc.dcm")
    save(image("DOC", 6), "pdf.dcm")
    save(with_equipment(image("CT", 14)), "ct-equipment.dcm")
    save(with_program(image("DOC", 15)), "pdf-program.dcm")
    japanese = "WWPHIYAMADA^TAROU=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"
    save(image("MR", 7, charset=["", "ISO 2022 IR 87"], name=japanese), "mr-japanese.dcm")
    j2k = image("MR", 8)
    j2k.compress(JPEG2000Lossless, generate_instance_uid=False)
    save(j2k, "mr-j2k.dcm")

    def convert(*command):
        subprocess.run([str(c) for c in command], check=True, cwd=folder)

    save(image("CT", 9), "ct-plain.dcm")
    convert("dcmconv", "+tb", "ct-plain.dcm", "ct-big.dcm")
    save(image("CT", 10), "ct-plain.dcm")
    convert("dcmconv", "+td", "ct-plain.dcm", "ct-deflated.dcm")
    save(image("US", 11), "us-plain.dcm")
    convert("dcmcjpeg", "+eb", "+un", "us-plain.dcm", "us-jpeg.dcm")
    save(image("CT", 12), "ct-plain.dcm")
    convert("dcmcrle", "ct-plain.dcm", "ct-rle.dcm")
    save(image("CT", 13), "ct-plain.dcm")
    convert("dcmcjpls", "ct-plain.dcm", "ct-jpegls.dcm")
    for plain in ("ct-plain.dcm", "us-plain.dcm"):
        (folder / plain).unlink()

    lists = folder / "worklist" / "RISWL"
    lists.mkdir(parents=True, exist_ok=True)
    (lists / "lockfile").touch()
    worklist(1, "CT", "CT01").save_as(lists / "ct.wl", enforce_file_format=True)
    worklist(2, "MR", "MR01").save_as(lists / "mr.wl", enforce_file_format=True)
    worklist(4, "US", "US01").save_as(lists / "us.wl", enforce_file_format=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
