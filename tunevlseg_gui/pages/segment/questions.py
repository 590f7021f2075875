"""What the Segment page asks: which file to open, where to save, whose name goes into it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from engine.volumes.dicom.entry import SeriesEntry
from tunevlseg_gui.pages.segment.controller import SegmentController
from tunevlseg_gui.pages.segment.mask_names import file_filter, named_by, suggested_mask
from tunevlseg_gui.pages.segment.series_dialog import SeriesDialog
from tunevlseg_gui.viewer.scan_viewer import ScanViewer

SCAN_FILTER = QT_TRANSLATE_NOOP(
    "Questions",
    "Pictures and volumes (*.png *.jpg *.jpeg *.bmp *.tif *.tiff *.gif *.webp *.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd"
    " *.dcm *.ima);;All files (*)",
)
BUNDLE_FILTER = QT_TRANSLATE_NOOP("Questions", "Tuned models (*.vlseg bundle.yaml);;All files (*)")


class Questions(QWidget):
    """Dialogs over the page that derives from it. Tests put their own answers in the place of these methods."""

    controller: SegmentController
    viewer: ScanViewer

    def ask_scan_path(self) -> str:
        return QFileDialog.getOpenFileName(self, self.tr("Open a picture or volume"), "", self.tr(SCAN_FILTER))[0]

    def ask_mask_path(self) -> str:
        return QFileDialog.getOpenFileName(self, self.tr("Open a mask of this scan"), "", self.tr(SCAN_FILTER))[0]

    def ask_series(self, entries: list[SeriesEntry]) -> SeriesEntry | None:
        """Which of several DICOM series to open; None where the question was closed."""
        dialog = SeriesDialog(entries, self)
        dialog.exec()
        return dialog.chosen

    def ask_bundle_path(self) -> str:
        return QFileDialog.getOpenFileName(self, self.tr("Open a tuned model"), "", self.tr(BUNDLE_FILTER))[0]

    def ask_save_path(self) -> str:
        scan = self.controller.scan
        if scan is None:
            return ""
        proposed = suggested_mask(scan.named, [layer.phrase for layer in self.viewer.state.shown_layers])
        options = QFileDialog.Option.DontConfirmOverwrite  # asked by ourselves, once the ending is known
        path, chosen = QFileDialog.getSaveFileName(
            self,
            self.tr("Save the mask"),
            str(proposed),
            file_filter(scan.named, scan.is_picture, dicom=scan.is_dicom),
            options=options,
        )
        return named_by(chosen, path)

    def ask_surface_path(self) -> str:
        scan = self.controller.scan
        if scan is None:
            return ""
        name = suggested_mask(scan.named, [layer.phrase for layer in self.viewer.state.shown_layers])
        stem = name.name.split(".")[0]
        return QFileDialog.getSaveFileName(
            self, self.tr("Save the surfaces"), str(name.with_name(f"{stem}.stl")), self.tr("Surfaces (*.stl)")
        )[0]

    def ask_dataset(self) -> str:
        return QFileDialog.getExistingDirectory(
            self, self.tr("Dataset that the case joins: a new folder, or one of these")
        )

    def ask_overwrite(self, path: Path) -> bool:
        answer = QMessageBox.question(
            self,
            self.tr("Replace the file?"),
            self.tr("{name} is there already. Replace it?").format(name=path.name),
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No,
            QMessageBox.StandardButton.No,
        )
        return answer == QMessageBox.StandardButton.Yes

    def ask_identity(self) -> str:
        """What of the patient goes into a DICOM SEG: "keep", "deidentify", or "" where nothing is to be saved."""
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Whose name does the file carry?"))
        box.setText(self.tr("A DICOM SEG carries the patient and the study of its series, as the standard demands."))
        box.setInformativeText(
            self.tr(
                "Keep them, so that an archive files it with the series; or put a pseudonym in their place, without "
                "dates "
                "and with other UIDs. It then no longer refers to the original series."
            )
        )
        role = QMessageBox.ButtonRole.AcceptRole
        keep, away = box.addButton(self.tr("Keep the patient"), role), box.addButton(self.tr("Use a pseudonym"), role)
        cancel = box.addButton(QMessageBox.StandardButton.Cancel)
        keep.setObjectName("keepIdentityButton")
        away.setObjectName("removeIdentityButton")
        box.setDefaultButton(away)
        box.setEscapeButton(cancel)
        box.exec()
        return {keep: "keep", away: "deidentify"}.get(box.clickedButton(), "")
