"""DICOM files of the compressed transfer syntaxes, packed by GDCM."""

from __future__ import annotations

from pathlib import Path

import gdcm
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID

from tests.fakes.dicom_files import save


def packed(made: Dataset, syntax: UID, folder: Path) -> Dataset:
    """The dataset with its pixels packed in `syntax`; `folder` is for files on the way."""
    plain, file = folder / "plain.dcm", folder / "packed.dcm"
    save(made, plain)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(plain))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(syntax))))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    writer.SetFileName(str(file))
    assert writer.Write()
    return pydicom.dcmread(file)
