"""What all planes of a scan have in common: window, layers, cursor, how masks are drawn. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, cast

from engine.volumes.geometry import Vector
from engine.volumes.slicing import Plane
from tunevlseg_gui.viewer.across import AcrossCopies
from tunevlseg_gui.viewer.comparison import Comparison
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.measurement import Measurement
from tunevlseg_gui.viewer.scan import ViewedScan
from tunevlseg_gui.viewer.viewport import Viewport
from tunevlseg_gui.viewer.window_level import WindowLevel

if TYPE_CHECKING:
    from tunevlseg_gui.viewer.slice_state import SliceState

OPACITY = 0.45
WINDOW_OF_NOTHING = WindowLevel(128, 256)
T = TypeVar("T")


class SharedLook:
    """One for each ScanViewer; each plane has a SliceState with it."""

    def __init__(self) -> None:
        self.scan: ViewedScan | None = None
        self.window = WINDOW_OF_NOTHING
        self.opacity = OPACITY
        self.threshold = 0.5
        self.overlay_on = True
        self.outline = False
        self.crosshair = False
        self.neurological = False
        self.ras = False
        """Places are told as x to the right, y forwards, z up; else as x to the left, y backwards, z up."""
        self.cursor_zyx: Vector = (0.0, 0.0, 0.0)
        self.layers: list[Layer] = []
        self.solo: Layer | None = None
        """Shown alone, while it is one of the layers."""
        self.chosen: Layer | None = None
        """Whose heat map and slices are told; else the first that is shown."""
        self.highlighted: Layer | None = None
        """Under the mouse."""
        self.heat = False
        self.comparison: Comparison | None = None
        self.measurements: list[Measurement] = []
        self.ready: tuple[int, int] | None = None
        """Of a scan that is still read: slices first to last - 1 along the file's own axis are there."""
        self.across = AcrossCopies()
        self._viewports: dict[Plane, Viewport] = {}

    def open(self, scan: ViewedScan) -> None:
        """Another scan: layers, window and zoom of the last one are gone."""
        self.scan = scan
        self._forget_layers()
        self.window = scan.window
        self.crosshair = False
        self.ready = None
        self.measurements = []
        self._viewports = {}

    def close(self) -> None:
        self.scan = self.ready = None
        self.measurements = []
        self._forget_layers()

    def _forget_layers(self) -> None:
        self.layers = []
        self.across.keep(())
        self.solo = self.chosen = self.highlighted = self.comparison = None

    def viewport(self, plane: Plane) -> Viewport:
        """Zoom and place of this plane, kept while another is shown."""
        return self._viewports.setdefault(plane, Viewport())


class Shared(Generic[T]):
    """A value of a SliceState that lies in its SharedLook under the same name."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, state: SliceState, owner: type) -> T:
        return cast(T, getattr(state.shared, self._name))

    def __set__(self, state: SliceState, value: T) -> None:
        setattr(state.shared, self._name, value)
