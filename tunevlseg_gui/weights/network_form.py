"""Proxy, certificate authority and mirror, for networks that need them."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog, QFormLayout, QHBoxLayout, QLineEdit, QWidget

from tunevlseg_gui.settings.model import NetworkSettings
from tunevlseg_gui.weights.network import network
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.text import label


class NetworkForm(QWidget):
    """What is typed counts at once, for the next download."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        now = network().settings
        self.proxy = self._line("networkProxy", self.tr("Proxy"), now.proxy, self.tr("as the system says"))
        self.ca_file = self._line(
            "networkCa", self.tr("Certificate file"), now.ca_file, self.tr("the system's authorities")
        )
        self.mirror = self._line("networkMirror", self.tr("Mirror"), now.mirror, "https://huggingface.co")
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(6)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        row = QWidget()
        beside = QHBoxLayout(row)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.ca_file, 1)
        beside.addWidget(button(self.tr("Choose…"), "networkCaChoose", self._choose, role="flat"))
        form.addRow(label(self.tr("Proxy")), self.proxy)
        form.addRow(label(self.tr("Certificate file")), row)
        form.addRow(label(self.tr("Mirror")), self.mirror)
        form.addRow(
            label(
                self.tr(
                    "Proxy: http://host:port, with name:password@ before the host where it asks for them (these are "
                    "not stored), or none. Certificate: a PEM file from whoever runs your network."
                ),
                "muted",
                wrap=True,
            )
        )

    def _line(self, name: str, title: str, text: str, otherwise: str) -> QLineEdit:
        made = QLineEdit(text)
        made.setObjectName(name)
        made.setAccessibleName(title)
        made.setPlaceholderText(otherwise)
        made.editingFinished.connect(self._put)
        return made

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, self.tr("Certificate file"), "", self.tr("Certificates (*.pem *.crt *.cer);;All files (*)")
        )
        if chosen:
            self.ca_file.setText(chosen)
            self._put()

    def _put(self) -> None:
        lines = (self.proxy, self.ca_file, self.mirror)
        network().put(NetworkSettings(*(line.text().strip() for line in lines)))
