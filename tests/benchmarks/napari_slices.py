"""napari's milliseconds for the slices of a scan with its mask: run by viewer.py in an interpreter that has napari.

    PYTHON napari_slices.py FOLDER REPEATS

FOLDER holds voxels.npy and levels.npy, as viewer.py writes them. Prints one line of JSON. Where there is no display,
napari's canvas draws with whatever OpenGL the platform has; `renderer` says which.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import napari
import numpy as np
from qtpy.QtWidgets import QApplication
from vispy.gloo import gl


def main() -> None:
    folder, repeats = Path(sys.argv[1]), int(sys.argv[2])
    voxels, levels = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("voxels", "levels"))
    viewer = napari.Viewer(show=True)
    viewer.window.resize(900, 700)
    viewer.add_image(voxels, contrast_limits=(-160, 240))
    viewer.add_labels((np.asarray(levels) >= 128).view(np.uint8))
    canvas = viewer.window._qt_viewer.canvas.native
    rows = []
    for plane, order in (("axial", (0, 1, 2)), ("coronal", (1, 0, 2)), ("sagittal", (2, 0, 1))):
        viewer.dims.order = order
        count = voxels.shape[order[0]]
        for shown, jump in (("mask", False), ("mask, jumps", True)):
            spent = []
            for number in range(repeats):
                on = (2 * number + 1) * count // (2 * repeats) if jump else count // 2 - repeats // 2 + number
                began = time.process_time()
                viewer.dims.set_current_step(order[0], on)
                canvas.repaint()
                gl.glFinish()
                QApplication.processEvents()
                spent.append((time.process_time() - began) * 1000)
            rows.append({"planes": plane, "shown": shown, "ms": round(float(np.median(spent[1:])), 2)})
    renderer = gl.glGetParameter(gl.GL_RENDERER)
    sys.stdout.write(json.dumps({"version": napari.__version__, "renderer": str(renderer), "rows": rows}) + "\n")
    sys.stdout.flush()
    viewer.close()


if __name__ == "__main__":
    main()
