"""A bundle comes back as it was written; anything damaged, unsafe or newer is told apart."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from engine.bundle.manifest import IMAGE_GRAPH, MANIFEST, TEXT_GRAPH, TOKENIZER, Manifest
from engine.bundle.reader import Bundle, is_bundle
from engine.bundle.writer import write_bundle
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, DiskFull, InputError, NotABundle, WrongVersion
from tests.fakes.tiny_bundle import tiny_files, tiny_manifest, write_tiny_bundle


def _rezip(path: Path, change) -> Path:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["polyps", "polyps.vlseg"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    path = write_tiny_bundle(tmp_path / name)
    bundle = Bundle.open(path)
    expected = tiny_manifest()
    assert bundle.manifest.model_copy(update={"files": {}}) == expected
    for file, data in tiny_files().items():
        assert bundle.read(file) == data
    bundle.verify()
    assert bundle.has_fixed_graph
    assert is_bundle(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [name]  # nothing is left beside it


def test_the_same_content_gives_the_same_zip(tmp_path: Path) -> None:
    first, second = (write_tiny_bundle(tmp_path / f"{n}.vlseg") for n in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_folder_and_zip_are_the_same_bundle(tmp_path: Path) -> None:
    folder = write_tiny_bundle(tmp_path / "x")
    packed = write_tiny_bundle(tmp_path / "x.vlseg")
    assert Bundle.open(folder).sha256 == Bundle.open(packed).sha256


def test_a_folder_zipped_by_hand_opens(tmp_path: Path) -> None:
    folder = write_tiny_bundle(tmp_path / "x")
    with zipfile.ZipFile(tmp_path / "by-hand.vlseg", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"x/{file.name}")
    bundle = Bundle.open(tmp_path / "by-hand.vlseg")
    bundle.verify()


def test_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotABundle, match="does not exist") as caught:
        Bundle.open(tmp_path / "no.vlseg")
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 damaged"])
def test_not_a_zip(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.vlseg"
    path.write_bytes(content)
    with pytest.raises(NotABundle, match="not a bundle"):
        Bundle.open(path)


def test_truncated_zip(tmp_path: Path) -> None:
    path = write_tiny_bundle(tmp_path / "x.vlseg")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(NotABundle):
        Bundle.open(path)


def test_flipped_bytes_in_the_middle_of_a_zip(tmp_path: Path) -> None:
    path = write_tiny_bundle(tmp_path / "x.vlseg")
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(IMAGE_GRAPH)
    start = entry.header_offset + 30 + len(IMAGE_GRAPH) + 20
    data[start : start + 8] = b"\xff" * 8
    path.write_bytes(data)
    bundle = Bundle.open(path)
    with pytest.raises(NotABundle, match=IMAGE_GRAPH):
        bundle.read(IMAGE_GRAPH)


def test_an_empty_folder_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(NotABundle, match=MANIFEST):
        Bundle.open(tmp_path)


@pytest.mark.parametrize("name", [TEXT_GRAPH, TOKENIZER])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = write_tiny_bundle(tmp_path / "x")
    (folder / name).unlink()
    with pytest.raises(NotABundle, match=name):
        Bundle.open(folder)


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    folder = write_tiny_bundle(tmp_path / "x")
    (folder / TEXT_GRAPH).write_bytes((folder / IMAGE_GRAPH).read_bytes())
    with pytest.raises(NotABundle, match=TEXT_GRAPH):
        Bundle.open(folder).verify()


def test_a_graph_that_is_no_onnx(tmp_path: Path) -> None:
    path = write_bundle(tiny_manifest(), {**tiny_files(), TEXT_GRAPH: b"\x99 nonsense"}, tmp_path / "x")
    with pytest.raises(NotABundle, match=r"text\.onnx is not an ONNX model"):
        Bundle.open(path).read_graph(TEXT_GRAPH)


def test_a_graph_that_reads_other_files_is_refused(tmp_path: Path) -> None:
    import onnx

    model = onnx.load_from_string(tiny_files()[TEXT_GRAPH])
    weights = model.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../../etc/passwd")
    files = {**tiny_files(), TEXT_GRAPH: model.SerializeToString()}
    path = write_bundle(tiny_manifest(), files, tmp_path / "x")
    with pytest.raises(NotABundle, match="other files"):
        Bundle.open(path).read_graph(TEXT_GRAPH)


@pytest.mark.parametrize("where", ["a constant", "a graph inside", "a sparse tensor"])
def test_other_files_are_found_wherever_a_graph_may_name_them(tmp_path: Path, where: str) -> None:
    """ONNX Runtime would read them as well: a weight is not the only thing that can lie outside."""
    import onnx

    outside = onnx.numpy_helper.from_array(np.ones(4, np.float32), "w")
    outside.ClearField("raw_data")
    outside.data_location = onnx.TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="/etc/passwd")
    model = onnx.load_from_string(tiny_files()[TEXT_GRAPH])
    if where == "a constant":
        node = model.graph.node.add(op_type="Constant", output=["w"])
        node.attribute.add(name="value", type=onnx.AttributeProto.TENSOR).t.CopyFrom(outside)
    elif where == "a graph inside":
        node = model.graph.node.add(op_type="If", input=["flag"], output=["w"])
        inner = node.attribute.add(name="then_branch", type=onnx.AttributeProto.GRAPH).g
        inner.initializer.append(outside)
    else:
        model.graph.sparse_initializer.add().values.CopyFrom(outside)
    path = write_bundle(tiny_manifest(), {**tiny_files(), TEXT_GRAPH: model.SerializeToString()}, tmp_path / "x")
    with pytest.raises(NotABundle, match="other files"):
        Bundle.open(path).read_graph(TEXT_GRAPH)


def test_a_graph_with_other_inputs_or_outputs_is_told_when_it_is_read(tmp_path: Path) -> None:
    swapped = {**tiny_files(), TEXT_GRAPH: tiny_files()[IMAGE_GRAPH]}
    path = write_bundle(tiny_manifest(), swapped, tmp_path / "swapped")
    with pytest.raises(NotABundle, match=r"text\.onnx should take attention_mask, input_ids; it takes pixel_values"):
        Bundle.open(path).read_graph(TEXT_GRAPH)
    path = write_bundle(tiny_manifest(text_depends_on_image=True), tiny_files(), tmp_path / "promised")
    with pytest.raises(NotABundle, match=r"image\.onnx should give pooled; it gives features"):
        Bundle.open(path).read_graph(IMAGE_GRAPH)


def test_a_zip_that_would_grow_without_end_is_refused(tmp_path: Path) -> None:
    path = write_tiny_bundle(tmp_path / "x.vlseg")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.onnx", "w") as file:
        for _ in range(40):
            file.write(bytes(1024 * 1024))
    assert path.stat().st_size < 200_000
    with pytest.raises(NotABundle, match="would grow"):
        Bundle.open(path)


def test_a_zip_that_lies_about_its_sizes_is_refused(tmp_path: Path) -> None:
    """Sizes are written twice; what the list at the end says is what may be read."""
    path = write_tiny_bundle(tmp_path / "x.vlseg")
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(IMAGE_GRAPH).file_size
    data = path.read_bytes()
    path.write_bytes(data.replace(size.to_bytes(4, "little"), (size // 2).to_bytes(4, "little")))
    with pytest.raises(NotABundle, match="damaged"):
        Bundle.open(path).read(IMAGE_GRAPH)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_manifest_that_is_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = write_tiny_bundle(tmp_path / "x")
    (folder / MANIFEST).rename(tmp_path / "elsewhere.yaml")
    (folder / MANIFEST).symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(NotABundle, match="link"):
        Bundle.open(folder)


def test_a_bundle_of_version_1_opens_as_it_was(tmp_path: Path) -> None:
    folder = write_tiny_bundle(tmp_path / "x")
    values = yaml.safe_load((folder / MANIFEST).read_text())
    for new in ("parity_reports", "precision_note", "presence"):
        values.pop(new, None)
    for new in ("max_logit_difference", "answers", "non_empty"):
        values["parity"].pop(new, None)
    (folder / MANIFEST).write_text(yaml.safe_dump({**values, "format_version": 1}))
    bundle = Bundle.open(folder)
    bundle.verify()
    assert (bundle.manifest.format_version, bundle.manifest.parity.verified) == (1, True)


def test_the_bundles_that_are_shipped_open(repo_root: Path) -> None:
    shipped = sorted((repo_root / "resources" / "models").glob("*/*.vlseg"))
    assert len(shipped) == 2
    for path in shipped:
        Bundle.open(path).verify()


@pytest.mark.parametrize("name", ["x", "x.vlseg"])
def test_a_cancel_while_writing_leaves_nothing(tmp_path: Path, name: str) -> None:
    big = tmp_path / "source" / TEXT_GRAPH
    big.parent.mkdir()
    big.write_bytes(tiny_files()[TEXT_GRAPH])
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        write_bundle(tiny_manifest(), {**tiny_files(), TEXT_GRAPH: big}, tmp_path / "out" / name, cancel=token)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/outside.txt", "a/../../outside.txt", "..\\outside.txt", "C:\\outside.txt"]
)
def test_a_zip_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    path = write_tiny_bundle(tmp_path / "x.vlseg")
    _rezip(path, lambda files: files.update({name: b"x"}))
    with pytest.raises(NotABundle, match="outside"):
        Bundle.open(path)


def test_a_zip_with_a_link_is_refused(tmp_path: Path) -> None:
    path = write_tiny_bundle(tmp_path / "x.vlseg")
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("link.onnx")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(NotABundle, match="link"):
        Bundle.open(path)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_folder_with_a_link_out_of_it_is_refused(tmp_path: Path) -> None:
    folder = write_tiny_bundle(tmp_path / "x")
    (folder / TOKENIZER).rename(tmp_path / "elsewhere.json")
    (folder / TOKENIZER).symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(NotABundle, match="link"):
        Bundle.open(folder).read(TOKENIZER)


def test_a_huge_manifest_is_not_read(tmp_path: Path) -> None:
    path = write_tiny_bundle(tmp_path / "x.vlseg")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, b" " * (5 * 1024 * 1024))
    with pytest.raises(NotABundle, match="larger"):
        Bundle.open(path)


def test_a_newer_version(tmp_path: Path) -> None:
    folder = write_tiny_bundle(tmp_path / "x")
    values = yaml.safe_load((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(yaml.safe_dump({**values, "format_version": 99, "something_new": 1}))
    with pytest.raises(WrongVersion, match="version 99") as caught:
        Bundle.open(folder)
    assert "Update" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["[1, 2]", "{name: x}", "format_version: 1\nlabels: 7", "format_version: 1\nnosuch: 1", "{{{", "\x00"]
)
def test_a_damaged_manifest(tmp_path: Path, text: str) -> None:
    folder = write_tiny_bundle(tmp_path / "x")
    (folder / MANIFEST).write_text(text)
    with pytest.raises(NotABundle, match=r"bundle\.yaml"):
        Bundle.open(folder)


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    path = write_tiny_bundle(tmp_path / "x.vlseg")
    before = path.read_bytes()
    with pytest.raises(InputError, match="already exists") as caught:
        write_bundle(tiny_manifest(name="other"), tiny_files(), path)
    assert "--overwrite" in caught.value.hint
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["x", "x.vlseg"])
def test_overwriting(tmp_path: Path, name: str) -> None:
    path = write_tiny_bundle(tmp_path / name)
    write_bundle(tiny_manifest(name="other"), tiny_files(), path, overwrite=True)
    assert Bundle.open(path).name == "other"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_of_the_user_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="not a bundle"):
        write_bundle(tiny_manifest(), tiny_files(), tmp_path, overwrite=True)
    folder = write_tiny_bundle(tmp_path / "x")
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes\.txt"):
        write_bundle(tiny_manifest(), tiny_files(), folder, overwrite=True)
    assert (folder / "notes.txt").exists()


@pytest.mark.parametrize("name", ["x", "x.vlseg"])
def test_a_full_disk_leaves_the_old_bundle(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tiny_bundle(tmp_path / name)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(DiskFull):
        write_bundle(tiny_manifest(name="other"), tiny_files(), path, overwrite=True)
    assert Bundle.open(path).name == "tiny"
    assert len(list(tmp_path.iterdir())) == 1


def test_labels_must_differ() -> None:
    label = tiny_manifest().labels[0]
    with pytest.raises(ValueError, match="same value"):
        Manifest(preprocess=tiny_manifest().preprocess, labels=[label, label])


def test_a_label_is_found_by_name_or_phrase() -> None:
    manifest = tiny_manifest()
    assert manifest.label_named("Rose") is manifest.labels[0]
    assert manifest.label_named(" green. ") is manifest.labels[1]
    assert manifest.label_named("tulip") is None
