from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.errors import InputError, ScanUnreadable
from engine.volumes.mask_values import binary_or_labels
from engine.volumes.reading import read_mask_here, read_scan_here
from engine.volumes.writing import mask_suffix, write_mask

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (20, 30)).astype(np.uint8)
COLOUR = RANDOM.integers(0, 256, (20, 30, 3)).astype(np.uint8)


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".gif"])
def test_lossless_grey_and_colour(suffix: str, tmp_path: Path) -> None:
    grey = read_scan_here(saved(Image.fromarray(GREY), tmp_path / f"g{suffix}"))
    assert np.array_equal(grey.voxels, GREY[None])
    assert grey.is_picture
    assert not grey.lossy
    if suffix != ".gif":
        colour = read_scan_here(saved(Image.fromarray(COLOUR), tmp_path / f"c{suffix}"))
        assert np.array_equal(colour.voxels, COLOUR[None])


def test_jpeg_is_marked_lossy(tmp_path: Path) -> None:
    scan = read_scan_here(saved(Image.fromarray(COLOUR), tmp_path / "c.jpg"))
    assert scan.lossy
    assert scan.voxels.shape == (1, 20, 30, 3)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_kept(suffix: str, tmp_path: Path) -> None:
    deep = RANDOM.integers(0, 65_536, (20, 30)).astype(np.uint16)
    scan = read_scan_here(saved(Image.fromarray(deep), tmp_path / f"d{suffix}"))
    assert scan.voxels.dtype == np.uint16
    assert np.array_equal(scan.voxels[0], deep)
    assert np.array_equal(read_mask_here(tmp_path / f"d{suffix}").voxels[0], deep)


def test_big_endian_tiff(tmp_path: Path) -> None:
    deep = RANDOM.integers(0, 65_536, (4, 5)).astype(np.uint16)
    entries = [(256, 3, 1, 5), (257, 3, 1, 4), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 200)]
    entries += [(277, 3, 1, 1), (278, 3, 1, 4), (279, 4, 1, 40)]
    table = b"MM\0*" + struct.pack(">IH", 8, len(entries))
    for tag, kind, count, value in entries:
        table += struct.pack(">HHI", tag, kind, count) + (
            struct.pack(">HH", value, 0) if kind == 3 else struct.pack(">I", value)
        )
    (tmp_path / "b.tif").write_bytes((table + bytes(4)).ljust(200, b"\0") + deep.astype(">u2").tobytes())
    scan = read_scan_here(tmp_path / "b.tif")
    assert np.array_equal(scan.voxels[0], deep)
    assert scan.voxels.dtype == np.uint16


def test_opaque_transparency_is_dropped_and_told(tmp_path: Path) -> None:
    opaque = np.full((20, 30, 1), 255, np.uint8)
    grey = read_scan_here(saved(Image.fromarray(np.dstack([GREY, opaque])), tmp_path / "la.png"))
    assert np.array_equal(grey.voxels[0], GREY)
    assert any("left out" in note for note in grey.notes)
    colour = read_scan_here(saved(Image.fromarray(np.dstack([COLOUR, opaque])), tmp_path / "rgba.png"))
    assert np.array_equal(colour.voxels[0], COLOUR)


def test_transparent_parts_become_black_and_are_told(tmp_path: Path) -> None:
    alpha = np.full((20, 30, 1), 255, np.uint8)
    alpha[:5], alpha[5:8] = 0, 128
    scan = read_scan_here(saved(Image.fromarray(np.dstack([COLOUR, alpha])), tmp_path / "rgba.png"))
    assert scan.voxels[0, :5].max() == 0
    assert np.abs(scan.voxels[0, 5:8].astype(int) - COLOUR[5:8] / 2).max() <= 1.5
    assert np.array_equal(scan.voxels[0, 8:], COLOUR[8:])
    assert any("over black" in note for note in scan.notes)


def test_the_orientation_mark_is_applied_and_told(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    scan = read_scan_here(saved(Image.fromarray(GREY), tmp_path / "turned.png", exif=exif))
    assert np.array_equal(scan.voxels[0], np.rot90(GREY, -1))
    assert any("EXIF" in note for note in scan.notes)
    mask = read_mask_here(tmp_path / "turned.png")
    assert mask.shape_zyx == scan.shape_zyx


def test_frames_of_a_gif_are_told(tmp_path: Path) -> None:
    pages = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    scan = read_scan_here(saved(pages[0], tmp_path / "p.gif", save_all=True, append_images=pages[1:]))
    assert np.array_equal(scan.voxels, GREY[None])
    assert any("2 pages" in note for note in scan.notes)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_pages_of_a_tiff_are_slices(kind: type, tmp_path: Path) -> None:
    stack = (RANDOM.normal(size=(5, 20, 30)) * 90 + 120).clip(0, 250).astype(kind)
    pages = [Image.fromarray(page) for page in stack]
    scan = read_scan_here(saved(pages[0], tmp_path / "p.tif", save_all=True, append_images=pages[1:]))
    assert scan.is_picture
    assert scan.voxels.dtype == kind
    assert np.array_equal(scan.voxels, stack)
    assert scan.notes == ("The file holds 5 pages, which are taken as slices: it does not say where they lie.",)


def test_a_mask_of_pages_has_as_many(tmp_path: Path) -> None:
    stack = RANDOM.integers(0, 3, (4, 20, 30)).astype(np.uint8)
    pages = [Image.fromarray(page) for page in stack]
    scan = read_scan_here(saved(pages[0], tmp_path / "p.tif", save_all=True, append_images=pages[1:]))
    assert mask_suffix(scan) == ".tif"
    for labels in (stack, stack.astype(np.uint16) * 400):
        back = read_mask_here(write_mask(labels, tmp_path / "m.tif", scan))
        assert np.array_equal(back.voxels, labels)
    with pytest.raises(InputError, match="4 pages"):
        write_mask(stack, tmp_path / "m.png", scan)


def test_pages_of_several_sizes_give_the_first(tmp_path: Path) -> None:
    pages = [Image.fromarray(GREY), Image.fromarray(GREY[::2, ::2])]
    scan = read_scan_here(saved(pages[0], tmp_path / "p.tif", save_all=True, append_images=pages[1:]))
    assert np.array_equal(scan.voxels, GREY[None])
    assert any("differ in size" in note for note in scan.notes)


def tiff_of(values: np.ndarray, path: Path, *, bits: int, kind: int, photometric: int = 1) -> Path:
    """An uncompressed little-endian TIFF; `kind` is the sample format (1 unsigned, 2 signed)."""
    height, width = values.shape
    entries = [(256, width), (257, height), (258, bits), (259, 1), (262, photometric), (273, 200), (277, 1)]
    entries += [(278, height), (279, values.nbytes), (339, kind)]
    table = b"II*\0" + struct.pack("<IH", 8, len(entries))
    table += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    path.write_bytes((table + bytes(4)).ljust(200, b"\0") + values.tobytes())
    return path


def test_signed_and_unsigned_numbers_of_a_tiff(tmp_path: Path) -> None:
    signed = RANDOM.integers(-128, 128, (4, 5)).astype(np.int8)
    large = np.array([[0, 1, 2**31, 2**32 - 1, 70_000]], np.uint32)
    assert np.array_equal(read_scan_here(tiff_of(signed, tmp_path / "s.tif", bits=8, kind=2)).voxels[0], signed)
    found = read_scan_here(tiff_of(large, tmp_path / "u.tif", bits=32, kind=1)).voxels[0]
    assert np.array_equal(found, large.astype(np.float32))
    with pytest.raises(ScanUnreadable, match="from 0 to 4"):
        read_mask_here(tmp_path / "u.tif")


def test_sixteen_bits_with_white_as_zero_are_turned_round(tmp_path: Path) -> None:
    deep = RANDOM.integers(0, 65_536, (4, 5)).astype(np.uint16)
    scan = read_scan_here(tiff_of(deep, tmp_path / "w.tif", bits=16, kind=1, photometric=0))
    assert np.array_equal(scan.voxels[0], 65_535 - deep)
    assert any("turned round" in note for note in scan.notes)


def test_deep_colours_of_a_png_are_told(tmp_path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    for kind, channels in ((2, 3), (4, 2)):
        rows = RANDOM.integers(0, 65_536, (4, 5 * channels)).astype(">u2")
        data = b"".join(b"\0" + row.tobytes() for row in rows)
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", 5, 4, 16, kind, 0, 0, 0))
        file = tmp_path / f"{kind}.png"
        file.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))
        assert any("more than 8 bits" in note for note in read_scan_here(file).notes)


def test_a_sound_tiff_of_another_kind_is_not_called_damaged(tmp_path: Path) -> None:
    double = RANDOM.normal(size=(4, 5))
    with pytest.raises(ScanUnreadable, match="TIFF of a kind") as caught:
        read_scan_here(tiff_of(double, tmp_path / "d.tif", bits=64, kind=3))
    assert "32-bit floating-point" in caught.value.hint


def palette_image(indices: np.ndarray, colours: list[int]) -> Image.Image:
    image = Image.fromarray(indices.astype(np.uint8), mode=None).convert("L").convert("P")
    image = Image.new("P", (indices.shape[1], indices.shape[0]))
    image.putdata(indices.ravel().tolist())
    image.putpalette(colours)
    return image


@pytest.mark.parametrize("suffix", [".png", ".gif", ".bmp"])
def test_palette_masks_give_their_indices(suffix: str, tmp_path: Path) -> None:
    indices = RANDOM.integers(0, 4, (20, 30))
    colours = [0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255]
    file = saved(palette_image(indices, colours), tmp_path / f"m{suffix}")
    if suffix != ".gif":  # GIF writers may reorder a palette
        assert np.array_equal(read_mask_here(file).voxels[0], indices)
    expected = np.array(colours, np.uint8).reshape(-1, 3)[indices]
    assert np.array_equal(read_scan_here(file).voxels[0], expected)


def test_black_and_white_palettes_count_by_colour(tmp_path: Path) -> None:
    truth = RANDOM.integers(0, 2, (20, 30))
    straight = saved(palette_image(truth, [0, 0, 0, 255, 255, 255]), tmp_path / "a.png")
    inverted = saved(palette_image(1 - truth, [255, 255, 255, 0, 0, 0]), tmp_path / "b.png")
    for file in (straight, inverted):
        labels, _ = binary_or_labels(read_mask_here(file).voxels[0])
        assert np.array_equal(labels, truth), file.name


def test_gif_and_one_bit_masks(tmp_path: Path) -> None:
    truth = RANDOM.integers(0, 2, (20, 30)).astype(bool)
    for name in ("m.gif", "m.png", "m.tif"):
        file = saved(Image.fromarray(truth), tmp_path / name)
        assert np.array_equal(binary_or_labels(read_mask_here(file).voxels[0])[0], truth)


def test_grey_masks_stored_as_rgb(tmp_path: Path) -> None:
    truth = RANDOM.integers(0, 5, (20, 30)).astype(np.uint8)
    file = saved(Image.fromarray(np.stack([truth] * 3, axis=2)), tmp_path / "m.png")
    assert np.array_equal(read_mask_here(file).voxels[0], truth)


def test_masks_in_colours_are_refused_with_a_way_out(tmp_path: Path) -> None:
    truth = np.zeros((20, 30, 3), np.uint8)
    truth[5:, :, 0] = 255
    with pytest.raises(ScanUnreadable, match="mask in colours") as caught:
        read_mask_here(saved(Image.fromarray(truth), tmp_path / "m.png"))
    assert "one grey value" in caught.value.hint


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_masks_become_binary(mode: str, tmp_path: Path) -> None:
    truth = np.zeros((64, 64), np.uint8)
    truth[10:40, 12:50] = 255
    file = saved(Image.fromarray(truth).convert(mode), tmp_path / "m.jpg", quality=60)
    mask = read_mask_here(file)
    labels, note = binary_or_labels(mask.voxels[0], lossy=mask.lossy)
    assert note is not None
    assert (labels != (truth > 0)).mean() < 0.01
    assert set(np.unique(labels)) == {0, 1}


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif", ".gif"])
def test_truncated_pictures_are_refused(suffix: str, tmp_path: Path) -> None:
    file = saved(Image.fromarray(np.kron(COLOUR, np.ones((8, 8, 1), np.uint8))), tmp_path / f"t{suffix}")
    content = file.read_bytes()
    for share in (0.02, 0.3, 0.7):
        file.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(ScanUnreadable, match=f"t{suffix}"):
            read_scan_here(file)


def test_a_decompression_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    for side in (20_000, 200_000):
        header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        png = (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(bytes(1000)))
            + chunk(b"IEND", b"")
        )
        (tmp_path / "bomb.png").write_bytes(png)
        with pytest.raises(ScanUnreadable, match="at most"):
            read_scan_here(tmp_path / "bomb.png")


def test_a_wrong_suffix_among_pictures_does_not_matter(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "really-a-png.jpg", format="PNG")
    assert np.array_equal(read_scan_here(tmp_path / "really-a-png.jpg").voxels[0], GREY)


def test_damaged_pictures_never_crash_with_something_else(tmp_path: Path) -> None:
    for suffix in (".png", ".jpg", ".tif", ".gif", ".bmp", ".webp"):
        whole = saved(Image.fromarray(COLOUR), tmp_path / f"w{suffix}").read_bytes()
        for seed in range(15):
            random = np.random.default_rng(seed)
            content = bytearray(whole)
            for place in random.integers(0, len(content), 8):
                content[place] = int(random.integers(0, 256))
            file = tmp_path / f"f{suffix}"
            file.write_bytes(content)
            try:
                scan = read_scan_here(file)
            except ScanUnreadable:
                continue
            assert scan.voxels.ndim in (3, 4)


def test_real_pictures(shared_data: Path) -> None:
    files = [
        *sorted((shared_data / "dsb2018_nuclei").rglob("*.tif"))[:12],
        *sorted((shared_data / "axondeepseg_sem").rglob("*.png")),
    ]
    files += sorted((shared_data / "dsb2018_nuclei").rglob("*.png"))[:12]
    assert len(files) > 10
    for file in files:
        scan = read_scan_here(file)
        assert scan.shape_zyx[0] == 1
    for file in (shared_data / "axondeepseg_sem" / "derivatives").rglob("*.png"):
        labels, _ = binary_or_labels(read_mask_here(file).voxels)
        assert len(np.unique(labels)) <= 5, file.name
