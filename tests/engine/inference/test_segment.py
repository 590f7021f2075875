"""Volume and phrases → masks on the volume's own grid, with a bundle whose answers are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.bundle.manifest import TEXT_GRAPH
from engine.bundle.presence import Presence
from engine.bundle.reader import Bundle
from engine.bundle.writer import write_bundle
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, InputError, OutOfRange, UnknownName
from engine.contract.events import Event, Progress, SliceDone
from engine.inference.answer import Answer
from engine.inference.axis import VOTING
from engine.inference.cache import EncodingStore
from engine.inference.level_store import LevelStore
from engine.inference.refine import Refinement
from engine.inference.segment import nearest_label, segment
from engine.inference.session import BundleSession, ImageEncoding
from engine.volumes.geometry import Geometry
from engine.volumes.volume import Volume
from tests.fakes.tiny_bundle import square_picture, text_graph, tiny_files, tiny_manifest, write_tiny_bundle

REFINED = Refinement(largest=True)
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@pytest.fixture
def session(tmp_path: Path) -> BundleSession:
    return BundleSession(Bundle.open(write_tiny_bundle(tmp_path / "tiny.vlseg")), threads=1)


@pytest.fixture
def picture() -> Volume:
    return Volume(square_picture()[None], None)


def bright_box(direction: tuple[float, ...] = IDENTITY) -> Volume:
    """Grey, [8, 16, 32], a bright box; unequal axes, so that a mask laid the wrong way cannot fit."""
    voxels = np.zeros((8, 16, 32), np.uint8)
    voxels[2:6, 4:12, 8:16] = 255
    return Volume(voxels, Geometry((2.0, 1.0, 0.5), (5.0, 6.0, 7.0), direction))


def ask(volume: Volume, session: BundleSession, *phrases: str, plane="axial", threshold=None, events=None, **more):
    events = [] if events is None else events
    return segment(volume, session, phrases, plane, threshold, events.append, CancelToken(), "job", **more)


def test_a_picture(session: BundleSession, picture: Volume) -> None:
    red, green = ask(picture, session, "red", "green").answers
    assert np.array_equal(red.mask[0], square_picture()[..., 0] == 255)
    assert np.array_equal(green.mask[0], square_picture()[..., 1] == 255)
    assert red.volume_ml is None
    assert red.voxels == 16


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal", "acquisition"])
def test_a_volume_in_every_plane(session: BundleSession, plane) -> None:
    volume = bright_box()
    (found,) = ask(volume, session, "bright", plane=plane).answers
    truth = volume.voxels > 0
    assert found.mask.shape == truth.shape
    overlap = 2 * (found.mask & truth).sum() / (found.mask.sum() + truth.sum())
    assert overlap > 0.7  # slices are not square: blocks of the 16 × 16 input blur the box's edges
    mirrored = np.flip(truth, axis=2)
    assert overlap > 2 * (found.mask & mirrored).sum() / (found.mask.sum() + mirrored.sum()) + 0.3


def test_the_same_head_stored_another_way_round(session: BundleSession) -> None:
    volume = bright_box()
    turned_voxels = volume.voxels[:, ::-1, :]
    turned = Volume(turned_voxels, Geometry((2.0, 1.0, 0.5), (5.0, 21.0, 7.0), (1, 0, 0, 0, -1, 0, 0, 0, 1)))
    (first,), (second,) = ask(volume, session, "bright").answers, ask(turned, session, "bright").answers
    assert np.array_equal(first.levels, second.levels[:, ::-1, :])


def test_millilitres(session: BundleSession) -> None:
    (found,) = ask(bright_box(), session, "bright").answers
    assert found.volume_ml == pytest.approx(found.voxels * 2.0 * 1.0 * 0.5 / 1000)


def test_nothing_found_is_said(session: BundleSession, picture: Volume) -> None:
    (found,) = ask(picture, session, "kidney").answers
    assert not found.found
    assert found.voxels == 0
    assert 0.0 < found.highest < 0.5


def test_a_label_is_asked_in_its_own_words(session: BundleSession, picture: Volume) -> None:
    (found,) = ask(picture, session, "Rose").answers
    assert found.label is not None
    assert (found.label.value, found.phrase) == (1, "red")
    assert found.found


def test_the_threshold_moves_the_mask(session: BundleSession, picture: Volume) -> None:
    (low,), (high,) = (ask(picture, session, "red", threshold=t).answers for t in (0.05, 0.999))
    assert low.voxels > high.voxels
    assert np.array_equal(low.levels, high.levels)


@pytest.mark.parametrize("threshold", [0.0, 1.0, 7.0])
def test_a_wrong_threshold(session: BundleSession, picture: Volume, threshold: float) -> None:
    with pytest.raises(OutOfRange):
        ask(picture, session, "red", threshold=threshold)


def test_progress_reaches_its_end(session: BundleSession) -> None:
    events: list[Event] = []
    ask(bright_box(), session, "bright", events=events, plane="coronal")
    slices = [event for event in events if isinstance(event, SliceDone)]
    assert slices[-1].index + 1 == slices[-1].total == 16
    assert [event.done for event in events if isinstance(event, Progress)][-1] == 16


def test_a_phrase_does_not_depend_on_its_company(session: BundleSession) -> None:
    volume = bright_box()
    alone = ask(volume, session, "bright").answers[0].levels
    in_company = ask(volume, session, "red", "bright", "green blue").answers[1].levels
    assert np.array_equal(alone, in_company)


def test_cancel_ends_it_before_the_next_batch(session: BundleSession) -> None:
    volume = Volume(np.zeros((40, 16, 16), np.uint8), bright_box().geometry)
    token = CancelToken()
    events: list[Event] = []

    def emit(event: Event) -> None:
        events.append(event)
        token.cancel()

    with pytest.raises(Cancelled):
        segment(volume, session, ["red"], "axial", None, emit, token, "job")
    assert sum(isinstance(event, SliceDone) for event in events) <= 1


def test_a_second_phrase_encodes_no_slice(session: BundleSession, monkeypatch: pytest.MonkeyPatch) -> None:
    store = EncodingStore()
    volume = bright_box()
    first = ask(volume, session, "bright", store=store, key=("scan",)).answers[0].levels
    encoded = []
    original = session.encode_image
    monkeypatch.setattr(session, "encode_image", lambda *a, **k: encoded.append(1) or original(*a, **k))
    ask(volume, session, "red", store=store, key=("scan",))
    assert np.array_equal(first, ask(volume, session, "bright", store=store, key=("scan",)).answers[0].levels)
    assert not encoded
    ask(volume, session, "red", store=store, key=("scan",), plane="coronal")
    assert encoded
    encoded.clear()
    ask(volume, session, "red", store=store, key=("another scan",))
    assert encoded


def _encoding(size: int) -> ImageEncoding:
    return ImageEncoding({"features": np.zeros((1, size), np.uint8)}, 1)


def test_the_store_keeps_its_limit() -> None:
    store = EncodingStore(limit=100)
    for start in range(5):
        store.put(("old",), start, _encoding(20))
    store.put(("new",), 0, _encoding(20))
    assert store.get(("old",), 0) is None
    assert store.get(("new",), 0) is not None
    for start in range(1, 9):
        store.put(("new",), start, _encoding(20))
    assert store.nbytes <= 100
    assert store.get(("new",), 0) is not None  # the first slices stay
    assert store.get(("new",), 8) is None
    store.put(("new",), 0, _encoding(20))
    assert store.nbytes <= 100


def test_the_nearest_label_serves_a_free_phrase() -> None:
    assert nearest_label(tiny_manifest(), "a leaf on a tree").name == "leaf"


@pytest.mark.parametrize(
    ("phrase", "nearest"), [("leaflet", "leaf"), ("a green thing", "leaf"), ("RED", "rose"), ("12345", "rose")]
)
def test_the_nearest_label_by_name_or_phrase(phrase: str, nearest: str) -> None:
    assert nearest_label(tiny_manifest(), phrase).name == nearest


@pytest.fixture
def by_label(tmp_path: Path) -> BundleSession:
    return BundleSession(Bundle.open(write_tiny_bundle(tmp_path / "own.vlseg", by_label=True)), threads=1)


def test_a_free_phrase_takes_the_learned_words_of_a_label(by_label: BundleSession, picture: Volume) -> None:
    red, green = (square_picture()[..., channel] == 255 for channel in (0, 1))
    (nearest,) = ask(picture, by_label, "leaf blight").answers
    assert (nearest.label_used, nearest.label) == ("leaf", None)
    assert np.array_equal(nearest.mask[0], green)
    (picked,) = ask(picture, by_label, "leaf blight", label="Rose").answers
    assert picked.label_used == "rose"
    assert np.array_equal(picked.mask[0], red)
    # A label's own phrase keeps its own words, whatever was picked.
    (own,) = ask(picture, by_label, "leaf", label="rose").answers
    assert own.label_used == "leaf"
    assert own.label is not None


def test_a_label_that_the_bundle_has_not(by_label: BundleSession, session: BundleSession, picture: Volume) -> None:
    with pytest.raises(UnknownName, match="no label 'liver'") as caught:
        ask(picture, by_label, "red", label="liver")
    assert (caught.value.field, caught.value.hint) == ("label", "Its labels: rose, leaf.")
    with pytest.raises(InputError, match="same learned words"):
        ask(picture, session, "red", label="rose")
    (answer,) = ask(picture, session, "red").answers
    assert answer.label_used is None


def test_slices_are_encoded_once_a_label(by_label: BundleSession, monkeypatch: pytest.MonkeyPatch) -> None:
    store = EncodingStore()
    encoded = []
    original = by_label.encode_image
    monkeypatch.setattr(by_label, "encode_image", lambda *a, **k: encoded.append(k["label_index"]) or original(*a, **k))
    ask(bright_box(), by_label, "bright", "blue", store=store, key=("scan",), label="leaf")
    assert set(encoded) == {1}
    before = len(encoded)
    ask(bright_box(), by_label, "bright green", store=store, key=("scan",), label="leaf")
    assert len(encoded) == before
    ask(bright_box(), by_label, "bright", store=store, key=("scan",), label="rose")
    assert encoded[before:] == [0] * before


def test_words_that_differ_by_label_share_the_image(
    tmp_path: Path, picture: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only the words differ, a slice is encoded once for all labels."""
    manifest = tiny_manifest(text_depends_on_label=True)
    files = {**tiny_files(), TEXT_GRAPH: text_graph(by_label=True)}
    session = BundleSession(Bundle.open(write_bundle(manifest, files, tmp_path / "text.vlseg")), threads=1)
    encoded = []
    original = session.encode_image
    monkeypatch.setattr(session, "encode_image", lambda *a, **k: encoded.append(1) or original(*a, **k))
    red, green = ask(picture, session, "rose", "leaf", store=EncodingStore(), key=("scan",)).answers
    assert (red.label_used, green.label_used) == ("rose", "leaf")
    assert len(encoded) == 1


def test_a_vote_is_the_mean_of_the_three_planes(session: BundleSession) -> None:
    volume = bright_box()
    (voted,) = ask(volume, session, "bright", plane="vote").answers
    planes = [ask(volume, session, "bright", plane=plane).answers[0].levels for plane in VOTING]
    assert len({levels.tobytes() for levels in planes}) > 1
    assert np.array_equal(voted.levels, np.floor(np.mean(np.stack(planes).astype(float), axis=0) + 0.5))


def test_a_vote_on_a_picture_is_its_one_slice(session: BundleSession, picture: Volume) -> None:
    voted, plain = ask(picture, session, "red", plane="vote"), ask(picture, session, "red", plane="acquisition")
    assert (voted.plane, voted.slices) == ("acquisition", 1)
    assert np.array_equal(voted.answers[0].levels, plain.answers[0].levels)


def test_empty_air_is_left_out_on_request(session: BundleSession) -> None:
    volume = bright_box()
    # The box lies in columns 8 to 15 of 32, a batch is 16 slices: the other one is air.
    for on, air, encoded in ((False, 0, 2), (True, 16, 1)):
        store = EncodingStore()
        found = ask(volume, session, "bright", plane="sagittal", skip_air=on, store=store, key=("scan",))
        assert (found.air, found.slices) == (air, 32)
        assert sum(store.get(("scan", "sagittal", None), start) is not None for start in (0, 16)) == encoded
        assert np.array_equal(found.answers[0].mask, ask(volume, session, "bright", plane="sagittal").answers[0].mask)


def test_answers_too_large_for_memory_are_mapped_and_go_with_their_arrays(session: BundleSession) -> None:
    volume = bright_box()
    store = LevelStore(most_in_memory=volume.voxels.size)
    first, second = ask(volume, session, "bright", "red", levels=store).answers
    assert not isinstance(first.levels.base, np.memmap)
    assert isinstance(second.levels, np.memmap)
    assert np.array_equal(second.levels, ask(volume, session, "red").answers[0].levels)
    file, levels = Path(str(second.levels.filename)), second.levels
    del store, second
    assert file.is_file()
    assert levels.max() > 0
    del levels
    assert not file.exists()


def test_answers_fill_files_that_others_read_along(session: BundleSession, tmp_path: Path) -> None:
    files = [tmp_path / "a" / "red.npy", tmp_path / "a" / "bright.npy"]
    seen: list[int] = []

    def look(event: Event) -> None:
        if isinstance(event, SliceDone) and event.path == str(files[1]):
            seen.append(int(np.count_nonzero(np.load(event.path, mmap_mode="r"))))

    volume = bright_box()
    done = segment(
        volume, session, ["red", "bright"], "sagittal", 0.5, look, CancelToken(), "job", levels=LevelStore(files)
    )
    assert np.array_equal(np.load(files[1]), done.answers[1].levels)
    # Two batches of 16 slices, the box in the first one.
    assert seen == [np.count_nonzero(done.answers[1].levels)] * 2
    assert seen[0] > 0


@pytest.mark.parametrize(("cut", "found"), [(0.3, True), (0.999, False)])
def test_a_calibrated_cut_decides(tmp_path: Path, picture: Volume, cut: float, found: bool) -> None:
    presence = Presence(cut=cut, shown=10, absent=10)
    tuned = BundleSession(Bundle.open(write_tiny_bundle(tmp_path / "tuned", presence=presence)), threads=1)
    (answer,) = ask(picture, tuned, "red").answers
    assert answer.found is found
    assert bool(answer.mask.any()) is found
    assert 0.5 < answer.presence < 0.999


def test_answers_are_refined(session: BundleSession) -> None:
    volume = bright_box()
    volume.voxels[3:6, 12:16, 24:32] = 255  # a second, smaller part
    plain, largest = (ask(volume, session, "bright", refinement=how).answers[0] for how in (None, REFINED))
    assert largest.voxels < plain.voxels
    assert not (largest.mask & ~plain.mask).any()
    assert np.array_equal(largest.levels, plain.levels)
    assert largest.volume_ml == pytest.approx(largest.voxels * 0.001)


def test_a_mask_plane_by_plane_is_the_mask() -> None:
    """Planes of 15 voxels: bits of neighbours share bytes."""
    levels = np.random.default_rng(3).integers(0, 256, (7, 3, 5), np.uint8)
    answer = Answer("a", "a", levels, 0.5)
    assert np.array_equal(answer.mask, levels >= 128)
    assert np.array_equal(np.stack(list(answer.mask_planes())), answer.mask)
    assert answer.voxels == answer.mask.sum()
    absent = Answer("a", "a", levels, 0.5, presence=0.1, presence_cut=0.5)
    assert not np.stack(list(absent.mask_planes())).any()


@pytest.mark.parametrize("plane", ["axial", "sagittal"])
def test_only_some_slices_are_asked(session: BundleSession, plane, monkeypatch) -> None:
    volume = bright_box()
    asked: list[int] = []
    original = session.encode_image
    monkeypatch.setattr(session, "encode_image", lambda inputs, **k: asked.append(len(inputs)) or original(inputs, **k))
    store, events = EncodingStore(), []
    (alone,) = ask(
        volume, session, "bright", plane=plane, only=(3, 4), store=store, key=("scan",), events=events
    ).answers
    assert asked == [1, 1]
    whole = ask(volume, session, "bright", plane=plane, store=store, key=("scan",)).answers[0]
    axis = 0 if plane == "axial" else 2
    shown, complete = np.moveaxis(alone.levels, axis, 0), np.moveaxis(whole.levels, axis, 0)
    assert np.abs(shown[3:5].astype(int) - complete[3:5]).max() <= 1
    assert not shown[:3].any()
    assert not shown[5:].any()
    done = len(asked)
    ask(volume, session, "bright", plane=plane, only=(5, 5), store=store, key=("scan",))
    assert len(asked) == done  # taken from the batch that was encoded for the whole scan


@pytest.mark.parametrize("only", [(-1, 2), (3, 2), (0, 8)])
def test_slices_that_are_not_there(session: BundleSession, only) -> None:
    with pytest.raises(OutOfRange, match="no slices"):
        ask(bright_box(), session, "bright", only=only)


def test_a_few_slices_have_one_plane(session: BundleSession) -> None:
    with pytest.raises(InputError, match="three planes"):
        ask(bright_box(), session, "bright", plane="vote", only=(1, 1))
