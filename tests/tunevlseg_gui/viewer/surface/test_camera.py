from __future__ import annotations

import numpy as np
import pytest

from tunevlseg_gui.viewer.surface.camera import VIEWS, Camera


def on_screen(camera: Camera, point: tuple[float, float, float], width: int = 400, height: int = 300) -> np.ndarray:
    """Right and up, -1 to 1, and depth: smaller is nearer."""
    return (camera.matrix(width, height) @ (*point, 1.0))[:3]


@pytest.fixture
def camera() -> Camera:
    made = Camera()
    made.frame(np.array([-30.0, -20.0, 100.0]), np.array([50.0, 40.0, 200.0]))
    return made


def test_from_the_front_the_patients_left_is_right_and_the_head_is_up(camera: Camera) -> None:
    middle = on_screen(camera, (10, 10, 150))
    assert middle == pytest.approx(np.zeros(3), abs=1e-9)
    assert on_screen(camera, (30, 10, 150))[0] > 0  # left of the patient
    assert on_screen(camera, (10, 10, 180))[1] > 0
    assert on_screen(camera, (10, -10, 150))[2] < 0  # towards the front: nearer


@pytest.mark.parametrize("side", VIEWS)
def test_every_view_is_a_turn_and_looks_from_where_it_says(side: str) -> None:
    camera = Camera()
    camera.look_from(side)
    assert np.linalg.det(camera.turn) == pytest.approx(1.0)
    assert camera.turn @ camera.turn.T == pytest.approx(np.eye(3))
    expected = {"front": "A", "back": "P", "left": "L", "right": "R", "top": "S", "bottom": "I"}[side]
    assert camera.letters()[-1][0] == expected


@pytest.mark.parametrize(("width", "height"), [(400, 300), (200, 900), (1000, 100)])
def test_all_of_the_box_is_in_the_picture(camera: Camera, width: int, height: int) -> None:
    for turns in range(20):
        camera.rotate(37.0 * turns, -21.0)
        for x in (-30, 50):
            for y in (-20, 40):
                for z in (100, 200):
                    assert np.abs(on_screen(camera, (x, y, z), width, height)).max() <= 1.0


def test_what_is_in_front_follows_a_drag(camera: Camera) -> None:
    nose = (10.0, -20.0, 150.0)
    camera.rotate(20, 0)
    assert on_screen(camera, nose)[0] > 0
    camera.look_from("front")
    camera.rotate(0, 20)
    assert on_screen(camera, nose)[1] < 0


def test_turning_for_long_keeps_it_a_turn(camera: Camera) -> None:
    for number in range(5000):
        camera.rotate(number % 7 - 3, number % 5 - 2)
    assert camera.turn @ camera.turn.T == pytest.approx(np.eye(3), abs=1e-9)


def test_a_pan_by_the_height_moves_by_the_height(camera: Camera) -> None:
    before = on_screen(camera, (10, 10, 150))
    camera.pan(0, 150, 300)
    assert on_screen(camera, (10, 10, 150))[1] - before[1] == pytest.approx(-1.0)


def test_zooming_has_ends(camera: Camera) -> None:
    for _ in range(100):
        camera.scale(2)
    assert camera.zoom > 0
    near = camera.zoom
    for _ in range(100):
        camera.scale(0.5)
    assert camera.zoom > near
    assert np.isfinite(camera.matrix(10, 10)).all()
