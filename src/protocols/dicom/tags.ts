/** Attributes of PS3.6 that occur as query keys, in worklists or as identity: `ggggeeee Keyword`. */
const TABLE = `
00080005 SpecificCharacterSet
00080008 ImageType
00080012 InstanceCreationDate
00080013 InstanceCreationTime
00080016 SOPClassUID
00080018 SOPInstanceUID
00080020 StudyDate
00080021 SeriesDate
00080022 AcquisitionDate
00080023 ContentDate
0008002A AcquisitionDateTime
00080030 StudyTime
00080031 SeriesTime
00080032 AcquisitionTime
00080033 ContentTime
00080050 AccessionNumber
00080051 IssuerOfAccessionNumberSequence
00080052 QueryRetrieveLevel
00080053 QueryRetrieveView
00080054 RetrieveAETitle
00080056 InstanceAvailability
00080060 Modality
00080061 ModalitiesInStudy
00080062 SOPClassesInStudy
00080064 ConversionType
00080068 PresentationIntentType
00080070 Manufacturer
00080080 InstitutionName
00080081 InstitutionAddress
00080082 InstitutionCodeSequence
00080090 ReferringPhysicianName
00080096 ReferringPhysicianIdentificationSequence
00080100 CodeValue
00080102 CodingSchemeDesignator
00080103 CodingSchemeVersion
00080104 CodeMeaning
00080201 TimezoneOffsetFromUTC
00081010 StationName
00081030 StudyDescription
00081032 ProcedureCodeSequence
0008103E SeriesDescription
00081040 InstitutionalDepartmentName
00081048 PhysiciansOfRecord
00081050 PerformingPhysicianName
00081060 NameOfPhysiciansReadingStudy
00081070 OperatorsName
00081080 AdmittingDiagnosesDescription
00081090 ManufacturerModelName
00081110 ReferencedStudySequence
00081111 ReferencedPerformedProcedureStepSequence
00081115 ReferencedSeriesSequence
00081120 ReferencedPatientSequence
00081140 ReferencedImageSequence
00081150 ReferencedSOPClassUID
00081155 ReferencedSOPInstanceUID
00081190 RetrieveURL
00081195 TransactionUID
00081198 FailedSOPSequence
00081199 ReferencedSOPSequence
00100010 PatientName
00100020 PatientID
00100021 IssuerOfPatientID
00100030 PatientBirthDate
00100032 PatientBirthTime
00100040 PatientSex
00101000 OtherPatientIDs
00101001 OtherPatientNames
00101002 OtherPatientIDsSequence
00101010 PatientAge
00101020 PatientSize
00101030 PatientWeight
00101040 PatientAddress
00102000 MedicalAlerts
00102110 Allergies
00102154 PatientTelephoneNumbers
00102160 EthnicGroup
00102180 Occupation
001021A0 SmokingStatus
001021B0 AdditionalPatientHistory
001021C0 PregnancyStatus
001021D0 LastMenstrualDate
00102201 PatientSpeciesDescription
00102292 PatientBreedDescription
00102297 ResponsiblePerson
00104000 PatientComments
00180010 ContrastBolusAgent
00180015 BodyPartExamined
00180050 SliceThickness
00180060 KVP
00181000 DeviceSerialNumber
00181002 DeviceUID
00181009 UniqueDeviceIdentifier
0018100A UDISequence
00181010 SecondaryCaptureDeviceID
00181016 SecondaryCaptureDeviceManufacturer
00181018 SecondaryCaptureDeviceManufacturerModelName
00181019 SecondaryCaptureDeviceSoftwareVersions
00181020 SoftwareVersions
00181030 ProtocolName
00181200 DateOfLastCalibration
00185100 PatientPosition
0018A001 ContributingEquipmentSequence
0020000D StudyInstanceUID
0020000E SeriesInstanceUID
00200010 StudyID
00200011 SeriesNumber
00200012 AcquisitionNumber
00200013 InstanceNumber
00200020 PatientOrientation
00200052 FrameOfReferenceUID
00200060 Laterality
00201200 NumberOfPatientRelatedStudies
00201202 NumberOfPatientRelatedSeries
00201204 NumberOfPatientRelatedInstances
00201206 NumberOfStudyRelatedSeries
00201208 NumberOfStudyRelatedInstances
00201209 NumberOfSeriesRelatedInstances
00204000 ImageComments
00280002 SamplesPerPixel
00280004 PhotometricInterpretation
00280008 NumberOfFrames
00280010 Rows
00280011 Columns
00280100 BitsAllocated
00280101 BitsStored
00280103 PixelRepresentation
00321032 RequestingPhysician
00321033 RequestingService
00321060 RequestedProcedureDescription
00321064 RequestedProcedureCodeSequence
00321070 RequestedContrastAgent
00324000 StudyComments
00380004 ReferencedPatientAliasSequence
00380008 VisitStatusID
00380010 AdmissionID
00380014 IssuerOfAdmissionIDSequence
00380050 SpecialNeeds
00380300 CurrentPatientLocation
00380400 PatientInstitutionResidence
00380500 PatientState
00400001 ScheduledStationAETitle
00400002 ScheduledProcedureStepStartDate
00400003 ScheduledProcedureStepStartTime
00400004 ScheduledProcedureStepEndDate
00400005 ScheduledProcedureStepEndTime
00400006 ScheduledPerformingPhysicianName
00400007 ScheduledProcedureStepDescription
00400008 ScheduledProtocolCodeSequence
00400009 ScheduledProcedureStepID
0040000B ScheduledPerformingPhysicianIdentificationSequence
00400010 ScheduledStationName
00400011 ScheduledProcedureStepLocation
00400012 PreMedication
00400020 ScheduledProcedureStepStatus
00400100 ScheduledProcedureStepSequence
00400220 ReferencedNonImageCompositeSOPInstanceSequence
00400241 PerformedStationAETitle
00400242 PerformedStationName
00400243 PerformedLocation
00400244 PerformedProcedureStepStartDate
00400245 PerformedProcedureStepStartTime
00400250 PerformedProcedureStepEndDate
00400251 PerformedProcedureStepEndTime
00400252 PerformedProcedureStepStatus
00400253 PerformedProcedureStepID
00400254 PerformedProcedureStepDescription
00400255 PerformedProcedureTypeDescription
00400260 PerformedProtocolCodeSequence
00400270 ScheduledStepAttributesSequence
00400275 RequestAttributesSequence
00400280 CommentsOnThePerformedProcedureStep
00400340 PerformedSeriesSequence
00400400 CommentsOnTheScheduledProcedureStep
00401001 RequestedProcedureID
00401002 ReasonForTheRequestedProcedure
00401003 RequestedProcedurePriority
00401004 PatientTransportArrangements
00401005 RequestedProcedureLocation
00401008 ConfidentialityCode
00401010 NamesOfIntendedRecipientsOfResults
00401400 RequestedProcedureComments
00402001 ReasonForTheImagingServiceRequest
00402016 PlacerOrderNumberImagingServiceRequest
00402017 FillerOrderNumberImagingServiceRequest
00402400 ImagingServiceRequestComments
00403001 ConfidentialityConstraintOnPatientDataDescription
0040A043 ConceptNameCodeSequence
0040A370 ReferencedRequestSequence
0040A491 CompletionFlag
0040A493 VerificationFlag
00420011 EncapsulatedDocument
00420012 MIMETypeOfEncapsulatedDocument
00741000 ProcedureStepState
00880130 StorageMediaFileSetID
00880140 StorageMediaFileSetUID
20100010 ImageDisplayFormat
21100010 PrinterStatus
7FE00008 FloatPixelData
7FE00009 DoubleFloatPixelData
7FE00010 PixelData
`

let table: ReadonlyMap<number, string> | undefined
let keywords: ReadonlySet<string> | undefined

function keywordsByTag(): ReadonlyMap<number, string> {
  table ??= new Map(
    TABLE.trim()
      .split('\n')
      .map(line => [Number.parseInt(line.slice(0, 8), 16), line.slice(9)]),
  )
  return table
}

/** True for keywords of the table. */
export function isKeyword(word: string): boolean {
  keywords ??= new Set(keywordsByTag().values())
  return keywords.has(word)
}

/** Keyword of a tag (group × 65536 + element); `gggg,eeee` where it is not in the table. */
export function keywordOf(tag: number): string {
  const known = keywordsByTag().get(tag)
  if (known !== undefined) return known
  const digits = tag.toString(16).padStart(8, '0')
  return `${digits.slice(0, 4)},${digits.slice(4)}`
}

export const Tag = {
  SPECIFIC_CHARACTER_SET: 0x00080005,
  SOP_INSTANCE_UID: 0x00080018,
  QUERY_RETRIEVE_LEVEL: 0x00080052,
  MODALITY: 0x00080060,
  MODALITIES_IN_STUDY: 0x00080061,
  MANUFACTURER: 0x00080070,
  INSTITUTION_NAME: 0x00080080,
  STATION_NAME: 0x00081010,
  DEPARTMENT: 0x00081040,
  MODEL: 0x00081090,
  DEVICE_SERIAL_NUMBER: 0x00181000,
  DEVICE_UID: 0x00181002,
  UNIQUE_DEVICE_IDENTIFIER: 0x00181009,
  UDI_SEQUENCE: 0x0018100a,
  SECONDARY_CAPTURE_DEVICE_MANUFACTURER: 0x00181016,
  SECONDARY_CAPTURE_DEVICE_MODEL: 0x00181018,
  SECONDARY_CAPTURE_DEVICE_SOFTWARE: 0x00181019,
  SOFTWARE_VERSIONS: 0x00181020,
  CONTRIBUTING_EQUIPMENT_SEQUENCE: 0x0018a001,
  STUDY_INSTANCE_UID: 0x0020000d,
  SERIES_INSTANCE_UID: 0x0020000e,
  SCHEDULED_STATION_AE_TITLE: 0x00400001,
  SCHEDULED_STATION_NAME: 0x00400010,
  SCHEDULED_PROCEDURE_STEP_SEQUENCE: 0x00400100,
  PERFORMED_STATION_AE_TITLE: 0x00400241,
  PERFORMED_STATION_NAME: 0x00400242,
} as const
