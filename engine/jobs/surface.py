"""The surfaces of masks, for a 3-D view or as STL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import InputError
from engine.contract.events import Progress
from engine.contract.jobs import Surface
from engine.contract.whole_file import write_whole
from engine.volumes.stl import write_stl
from engine.volumes.surface import surface_of
from engine.volumes.view_export import geometry_of_view


def run(job: Surface, emit: Emit, cancel: CancelToken, job_id: str) -> dict[str, Any]:
    """Result: `surfaces`, one for each mask in order: paths of `vertices`, `normals`, `triangles` (.npy), their `count`
    and the `block` of voxels that was taken together, or null for an empty mask; and `stl`.

    Raises InputError for masks that are no longer there, DiskFull, Cancelled.
    """
    geometry = geometry_of_view(Path(job.view))
    if geometry is None:
        raise InputError("A picture has no surface in space.", hint="Open a volume.")
    if job.stl and Path(job.stl).exists() and not job.overwrite:
        raise InputError(f"{job.stl} is there already.", hint="Choose another name.")
    out = Path(job.out)
    made = []
    rows: list[dict[str, Any] | None] = []
    for number, path in enumerate(job.masks):
        cancel.check()
        emit(Progress(job_id, number, len(job.masks), "masks", stage="Making surfaces"))
        surface = surface_of(_mask(Path(path)), geometry, job.most_triangles // len(job.masks), cancel)
        if surface is None:
            rows.append(None)
            continue
        made.append(surface)
        parts = {"vertices": surface.vertices, "normals": surface.normals, "triangles": surface.triangles}
        rows.append(
            {
                **{name: _written(out / f"{number}-{name}.npy", values) for name, values in parts.items()},
                "count": len(surface.triangles),
                "block": list(surface.block_zyx),
            }
        )
    if job.stl:
        if not made:
            raise InputError("The masks are empty: there is no surface to save.", hint="Lower the threshold.")
        write_stl(made, Path(job.stl))
    return {"surfaces": rows, "stl": job.stl}


def _mask(path: Path) -> NDArray[Any]:
    try:
        mask: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"A mask is no longer there ({path.name}).", hint="Ask again.") from error
    if mask.ndim != 3 or mask.dtype not in (np.bool_, np.uint8):
        raise InputError(f"{path.name} holds no mask.", hint="Ask again.")
    return mask


def _written(path: Path, values: NDArray[Any]) -> str:
    def save(beside: Path) -> None:
        with beside.open("wb") as file:
            np.save(file, values, allow_pickle=False)

    return str(write_whole(path, save))
