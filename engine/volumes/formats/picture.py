"""Pictures without a place in the patient: PNG, JPEG, BMP, TIFF, GIF, WebP, through Pillow."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from engine.contract.errors import InputError, ScanUnreadable
from engine.contract.whole_file import write_whole
from engine.volumes.formats import FORMATS, tiff
from engine.volumes.headers.stored_array import SEND_AGAIN
from engine.volumes.volume import Mask, Volume

_MOST_PIXELS = 178_000_000  # Pillow itself refuses slightly more
_KINDS = ("PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP", "PPM")
_LOSSY = ("JPEG", "MPO")
_ORIENTATION = 0x0112
TURNED_NOTE = "The camera's orientation mark (EXIF) was applied: the picture is turned upright."
# What Pillow's decoders raise for damaged files.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    LookupError,
    TypeError,
    ArithmeticError,
    MemoryError,
)


@FORMATS.register("picture")
class Picture:
    """Voxels [pages, h, w] or [pages, h, w, 3]; 16-bit grey stays uint16. Masks are PNG, of TIFF pictures TIFF.

    A TIFF has several pages where they are all of one size: slices of which the file does not say where they lie.
    """

    suffixes: ClassVar[tuple[str, ...]] = (
        ".png",
        ".jpg",
        ".jpeg",
        ".bmp",
        ".tif",
        ".tiff",
        ".gif",
        ".webp",
        ".pgm",
        ".ppm",
    )
    mask_suffixes: ClassVar[tuple[str, ...]] = (".png", ".tif", ".tiff")
    holds_segments: ClassVar[bool] = False
    keeps_receipt: ClassVar[bool] = False

    def read(self, path: Path) -> Volume:
        pages, notes = _opened(path)
        if _deep_colours(path, pages[0]):
            notes.append("The picture has more than 8 bits per colour; 8 are used.")
        pixels = _stacked([_grey_or_rgb(page, notes) for page in pages])
        return Volume(pixels, None, path, "picture", _once(notes), lossy=pages[0].format in _LOSSY)

    def read_mask(self, path: Path) -> Volume:
        pages, notes = _opened(path)
        pixels = np.stack([_label_numbers(path, page, notes) for page in pages])
        return Volume(pixels, None, path, "picture", _once(notes), lossy=pages[0].format in _LOSSY)

    def check_mask(self, path: Path, like: Volume) -> None:
        pages = like.shape_zyx[0]
        if like.geometry is not None and pages != 1:
            raise InputError(
                f"{path.name} cannot hold a mask of {pages} slices.",
                hint="Save it in the scan's own format (.nii.gz, .nrrd or .mha).",
            )
        if pages != 1 and path.suffix.lower() not in tiff.SUFFIXES:
            raise InputError(f"{path.name} cannot hold a mask of {pages} pages.", hint="Save it as .tif.")

    def write_mask(self, mask: Mask, path: Path, like: Volume) -> None:
        del like
        pages = [Image.fromarray(np.ascontiguousarray(plane)) for plane in mask.labels]
        if path.suffix.lower() in tiff.SUFFIXES:
            write_whole(
                path,
                lambda beside: pages[0].save(
                    beside, format="TIFF", compression="tiff_adobe_deflate", save_all=True, append_images=pages[1:]
                ),
            )
        else:
            write_whole(path, lambda beside: pages[0].save(beside, format="PNG"))


def _stacked(pages: list[NDArray[Any]]) -> NDArray[Any]:
    """Pages of one size; grey ones beside coloured ones become RGB."""
    if any(page.ndim == 3 for page in pages):
        pages = [page if page.ndim == 3 else np.repeat(_eight_bits(page)[..., None], 3, axis=2) for page in pages]
    return np.stack(pages)


def _eight_bits(page: NDArray[Any]) -> NDArray[np.uint8]:
    return page if page.dtype == np.uint8 else (page.astype(np.uint16) >> 8).astype(np.uint8)


def _once(notes: list[str]) -> tuple[str, ...]:
    """What is said of every page is said once."""
    return tuple(dict.fromkeys(notes))


def _opened(path: Path) -> tuple[list[Image.Image], list[str]]:
    """The pages, upright, decoded, and a list to which notes for a person are added. Raises ScanUnreadable."""
    notes: list[str] = []
    try:
        with warnings.catch_warnings():
            # Sizes are checked here; other warnings concern odd metadata, not pixels.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_KINDS) as image:
                width, height = image.size
                if width * height > _MOST_PIXELS:
                    raise _too_large(path, f"{width:,} × {height:,} pixels")
                pages = getattr(image, "n_frames", 1)
                if pages > 1 and image.format == "TIFF":
                    return tiff.pages_of(path, image, pages, notes, lambda page: _decoded(page, notes)), notes
                if pages > 1 and image.format != "MPO":
                    notes.append(f"The file holds {pages} pages or frames; only the first is used.")
                return [_decoded(image, notes)], notes
    except Image.DecompressionBombError as error:
        raise _too_large(path, "far too many pixels") from error
    except UnidentifiedImageError as error:
        if tiff.is_tiff(path):
            raise ScanUnreadable(
                f"{path} is a TIFF of a kind that is not read here: several channels, numbers of 16 or 64 bits with "
                "fractions, or a compression of its own.",
                hint="Save it with one channel or RGB, of 8 or 16 bits or 32-bit floating-point numbers.",
            ) from error
        raise ScanUnreadable(
            f"{path} is not a picture that can be read, whatever its name says.",
            hint="Open it in a picture viewer and save it as PNG; if no program opens it, it is damaged.",
        ) from error
    except _DAMAGE as error:
        reason = str(error)[:120] or type(error).__name__
        raise ScanUnreadable(f"{path} is damaged: {reason}.", hint=SEND_AGAIN) from error


def _decoded(image: Image.Image, notes: list[str]) -> Image.Image:
    image.load()
    upright = _upright(image, notes)
    upright.format = image.format
    return upright


def _too_large(path: Path, what: str) -> ScanUnreadable:
    return ScanUnreadable(
        f"{path} says that it holds {what}; at most {_MOST_PIXELS:,} are read.",
        hint="If the size is right, crop the picture or make it smaller; if not, the file is damaged.",
    )


def _upright(image: Image.Image, notes: list[str]) -> Image.Image:
    if image.getexif().get(_ORIENTATION, 1) in (0, 1):
        return image
    notes.append(TURNED_NOTE)
    return ImageOps.exif_transpose(image)


def _grey_or_rgb(image: Image.Image, notes: list[str]) -> NDArray[Any]:
    """[h, w] uint8, uint16, int32 or float32, or [h, w, 3] uint8."""
    mode = image.mode
    if mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        return _without_transparency(image, notes)
    if mode == "1":
        return np.asarray(image.convert("L"))
    if mode == "L" or mode == "RGB":
        return tiff.as_meant(image, np.asarray(image))
    if mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint16)
        if image.format != "TIFF" or not tiff.white_is_zero(image):
            return deep
        notes.append("Low values are stored as bright; they were turned round, as viewers show them.")
        return deep ^ np.uint16(2 ** tiff.bits_of(image) - 1)
    if mode in ("I", "F"):
        return _plain(tiff.as_meant(image, np.asarray(image)))
    if mode == "P":
        rgb = np.asarray(image.convert("RGB"))
        return rgb[..., 0].copy() if _is_grey(rgb) else rgb
    notes.append(f"Colours were converted from {mode} to RGB.")
    return np.asarray(image.convert("RGB"))


def _plain(pixels: NDArray[Any]) -> NDArray[Any]:
    """16-bit values that Pillow hands over in 32 bits go back to uint16."""
    if pixels.dtype.kind in "iu" and pixels.size and int(pixels.min()) >= 0 and int(pixels.max()) <= 65_535:
        return pixels.astype(np.uint16)
    if pixels.dtype.kind == "f" or (pixels.dtype == np.uint32 and pixels.size and int(pixels.max()) >= 2**31):
        return pixels.astype(np.float32)
    return pixels.astype(np.int32)


def _deep_colours(path: Path, image: Image.Image) -> bool:
    """Whether the file holds 16-bit colours (or grey with transparency), which Pillow reduces to 8 by itself."""
    if image.format == "PNG" and image.mode in ("RGB", "RGBA", "LA"):
        with path.open("rb") as file:
            return file.read(25)[24:] == b"\x10"  # the header's bit depth
    return image.mode == "RGB" and tiff.bits_of(image) > 8


def _without_transparency(image: Image.Image, notes: list[str]) -> NDArray[Any]:
    rgba = np.asarray(image.convert("RGBA"))
    rgb, alpha = rgba[..., :3], rgba[..., 3:]
    if int(alpha.min()) == 255:
        notes.append("The transparency channel was left out: nothing in it is transparent.")
    else:
        notes.append("Transparent parts were laid over black.")
        rgb = ((rgb.astype(np.uint16) * alpha + 127) // 255).astype(np.uint8)
    grey = image.mode in ("LA", "La", "L") or _is_grey(rgb)
    return np.ascontiguousarray(rgb[..., 0] if grey else rgb)


def _is_grey(rgb: NDArray[Any]) -> bool:
    return bool(np.array_equal(rgb[..., 0], rgb[..., 1]) and np.array_equal(rgb[..., 0], rgb[..., 2]))


def _label_numbers(path: Path, image: Image.Image, notes: list[str]) -> NDArray[Any]:
    """[h, w]: stored numbers; palette indices are labels, unless the colours used are black and white only."""
    if image.mode in ("P", "PA"):
        palette_image = image if image.mode == "P" else image.convert("P")
        rgb = np.asarray(palette_image.convert("RGB"))
        black_and_white = _is_grey(rgb) and bool(np.isin(rgb[..., 0], (0, 255)).all())
        return rgb[..., 0].copy() if black_and_white else np.asarray(palette_image)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode == "L" or image.mode.startswith("I") or image.mode == "F":
        stored = tiff.as_meant(image, np.asarray(image))
        return stored if image.mode == "L" else _plain(stored)
    if image.mode in ("RGBA", "LA", "La", "RGBa"):
        bands = np.asarray(image.convert("RGBA"))
        if int(bands[..., 3].min()) < 255:
            return _alpha_mask(path, bands, notes)
    rgb = np.asarray(image.convert("RGB"))
    if image.format in _LOSSY:
        # Rounding of colours in JPEG makes the channels of a grey picture differ by a little.
        spread = rgb.max(axis=2).astype(np.int16) - rgb.min(axis=2)
        if int(spread.max()) <= 12:
            return np.asarray(image.convert("L"))
    if not _is_grey(rgb):
        raise _colour_coded(path, rgb)
    return rgb[..., 0].copy()


def _alpha_mask(path: Path, rgba: NDArray[Any], notes: list[str]) -> NDArray[Any]:
    """A mask with transparent parts: what is transparent is background."""
    visible = rgba[..., 3] >= 128
    shown = rgba[..., :3] * visible[..., None]
    if not _is_grey(shown):
        raise _colour_coded(path, shown)
    notes.append("Transparent parts of the mask count as background.")
    return np.ascontiguousarray(shown[..., 0])


def _colour_coded(path: Path, rgb: NDArray[Any]) -> ScanUnreadable:
    colours = np.unique(rgb.reshape(-1, 3)[:: max(1, rgb.size // 3_000_000)], axis=0)
    return ScanUnreadable(
        f"{path} is a mask in colours ({len(colours)} of them): which colour means which label is not written in it.",
        hint="Save it with one grey value or palette index per label (0 is background), or as one mask per label.",
    )
