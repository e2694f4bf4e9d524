"""The studies of the demo: make_studies.py FOLDER (objects and markers are those of the recordings, only more and larger)."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "test/captures/record"))
from make_files import image, worklist

folder = Path(sys.argv[1])
lists = folder / "worklist" / "RISWL"
lists.mkdir(parents=True, exist_ok=True)
(lists / "lockfile").touch()


def study(name, number, modality, count, size, **changed):
    for instance in range(1, count + 1):
        ds = image(modality, number, instance, size)
        for key, value in changed.items():
            setattr(ds, key, value)
        ds.save_as(folder / f"{name}-{instance:02d}.dcm", enforce_file_format=True)


for number, modality, count, size in ((1, "CT", 10, 128), (2, "MR", 8, 96), (4, "US", 2, 128)):
    worklist(number, modality, f"{modality}01").save_as(lists / f"{modality}.wl", enforce_file_format=True)
    study(modality.lower(), number, modality, count, size)
study("ct-second", 5, "CT", 10, 128)
study("us-updated", 6, "US", 2, 128, SoftwareVersions="3.2.0.118")
