"""The process that draws surfaces by OpenGL: `python -m tunevlseg_gui.viewer.surface.renderer`; JSON lines in, out.

First it says `{"ready": renderer}` or `{"problem": reason}`. `{"surfaces": [{vertices, normals, triangles, colour}]}`
names .npy files; `{"frame": number, "file": …, "matrix": 16 numbers, "turn": 9, "width", "height", "background",
"samples"}` is answered by `{"frame": number}` once the file holds a picture, 0xffRRGGBB a pixel. It ends with its
standard input. A driver that crashes ends this process; the window goes on.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from PySide6.QtGui import (
    QGuiApplication,
    QImage,
    QMatrix3x3,
    QMatrix4x4,
    QOffscreenSurface,
    QOpenGLContext,
    QSurfaceFormat,
    QVector3D,
)
from PySide6.QtOpenGL import (
    QOpenGLBuffer,
    QOpenGLFramebufferObject,
    QOpenGLFramebufferObjectFormat,
    QOpenGLShader,
    QOpenGLShaderProgram,
)
from shiboken6 import VoidPtr

VERTEX = """
attribute highp vec3 position;
attribute highp vec3 normal;
uniform highp mat4 matrix;
uniform highp mat3 turn;
varying highp vec3 facing;
void main() {
    facing = turn * normal;
    gl_Position = matrix * vec4(position, 1.0);
}
"""
FRAGMENT = """
varying highp vec3 facing;
uniform highp vec3 colour;
void main() {
    highp vec3 towards = normalize(facing);
    highp float light = 0.3 + 0.7 * abs(dot(towards, normalize(vec3(-0.25, 0.35, 0.9))));
    highp float shine = 0.18 * pow(abs(towards.z), 24.0);
    gl_FragColor = vec4(min(colour * light + shine, 1.0), 1.0);
}
"""
# OpenGL's own numbers (glcorearb.h).
_DEPTH_TEST, _COLOUR_AND_DEPTH, _TRIANGLES, _FLOAT, _UNSIGNED = 0x0B71, 0x4100, 0x0004, 0x1406, 0x1405
_RENDERER = 0x1F01
_ROW = 24
"""Bytes of a vertex: position and normal, three floats each."""


class NoOpenGL(Exception):
    """What is missing, in words."""


class Renderer:
    """Needs a QGuiApplication. Raises NoOpenGL."""

    def __init__(self) -> None:
        wanted = QSurfaceFormat()
        wanted.setDepthBufferSize(24)
        self._context = QOpenGLContext()
        self._context.setFormat(wanted)
        if not self._context.create():
            raise NoOpenGL("no context can be made")
        self._surface = QOffscreenSurface()
        self._surface.setFormat(self._context.format())
        self._surface.create()
        if not self._surface.isValid() or not self._context.makeCurrent(self._surface):
            raise NoOpenGL("nothing can be drawn into")
        self._gl = self._context.functions()
        if not QOpenGLFramebufferObject.hasOpenGLFramebufferObjects():
            raise NoOpenGL("it is too old (no framebuffer objects)")
        self._program = QOpenGLShaderProgram()
        kinds = QOpenGLShader.ShaderTypeBit
        for kind, source in ((kinds.Vertex, VERTEX), (kinds.Fragment, FRAGMENT)):
            if not self._program.addShaderFromSourceCode(kind, source):
                raise NoOpenGL(f"a shader is refused ({self._program.log().strip()[:200]})")
        if not self._program.link():
            raise NoOpenGL(f"shaders cannot be linked ({self._program.log().strip()[:200]})")
        self._meshes: list[tuple[QOpenGLBuffer, QOpenGLBuffer, int, list[float]]] = []
        self._target: QOpenGLFramebufferObject | None = None
        self._size = (0, 0, 0)

    @property
    def name(self) -> str:
        return str(self._gl.glGetString(_RENDERER) or "unknown")

    def load(self, surfaces: list[dict[str, Any]]) -> None:
        for vertices, triangles, _, _ in self._meshes:
            vertices.destroy()
            triangles.destroy()
        self._meshes = []
        for surface in surfaces:
            parts = [np.load(surface[name], allow_pickle=False) for name in ("vertices", "normals", "triangles")]
            rows = np.ascontiguousarray(np.concatenate(parts[:2], axis=1), np.float32)
            numbers = np.ascontiguousarray(parts[2], np.uint32)
            kinds = QOpenGLBuffer.Type
            buffers = []
            for kind, values in ((kinds.VertexBuffer, rows), (kinds.IndexBuffer, numbers)):
                made = QOpenGLBuffer(kind)
                made.create()
                made.bind()
                made.allocate(values.tobytes(), values.nbytes)
                made.release()
                buffers.append(made)
            self._meshes.append((buffers[0], buffers[1], numbers.size, [value / 255 for value in surface["colour"]]))

    def draw(self, asked: dict[str, Any]) -> QImage:
        width, height = int(asked["width"]), int(asked["height"])
        size = (width, height, int(asked["samples"]))
        if self._target is None or self._size != size:
            kind = QOpenGLFramebufferObjectFormat()
            kind.setAttachment(QOpenGLFramebufferObject.Attachment.Depth)
            kind.setSamples(size[2])
            self._target = QOpenGLFramebufferObject(width, height, kind)
            if not self._target.isValid():
                raise NoOpenGL("there is no room for the picture")
            self._size = size
        self._target.bind()
        gl = self._gl
        gl.glViewport(0, 0, width, height)
        gl.glEnable(_DEPTH_TEST)
        gl.glClearColor(*(value / 255 for value in asked["background"]), 1.0)
        gl.glClear(_COLOUR_AND_DEPTH)
        program = self._program
        program.bind()
        program.setUniformValue("matrix", QMatrix4x4(*asked["matrix"]))
        program.setUniformValue("turn", QMatrix3x3(asked["turn"]))
        for vertices, triangles, count, colour in self._meshes:
            program.setUniformValue("colour", QVector3D(*colour))
            vertices.bind()
            for name, offset in (("position", 0), ("normal", _ROW // 2)):
                at = program.attributeLocation(name)
                program.enableAttributeArray(at)
                program.setAttributeBuffer(at, _FLOAT, offset, 3, _ROW)
            triangles.bind()
            gl.glDrawElements(_TRIANGLES, count, _UNSIGNED, VoidPtr(0))
            triangles.release()
            vertices.release()
        program.release()
        self._target.release()
        return self._target.toImage().convertToFormat(QImage.Format.Format_RGB32)


def serve(lines: TextIO, answers: TextIO) -> None:
    def say(**said: Any) -> None:
        answers.write(json.dumps(said) + "\n")
        answers.flush()

    try:
        renderer = Renderer()
    except NoOpenGL as missing:
        say(problem=str(missing))
        return
    say(ready=renderer.name)
    for line in lines:
        asked = json.loads(line)
        try:
            if "surfaces" in asked:
                renderer.load(asked["surfaces"])
            else:
                picture = renderer.draw(asked)
                Path(asked["file"]).write_bytes(picture.constBits())
                say(frame=asked["frame"])
        except NoOpenGL as missing:
            say(problem=str(missing))
            return
        except (OSError, ValueError) as error:  # the files of a surface are gone, or the disk is full
            say(failed=str(error))


def main() -> int:
    """Ends at once with its input: some drivers crash when they are torn down."""
    # No icon in macOS' dock for a process without windows.
    os.environ.setdefault("QT_MAC_DISABLE_FOREGROUND_APPLICATION_TRANSFORM", "1")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="\n")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what drivers print is no answer
    app = QGuiApplication(sys.argv[:1])
    serve(sys.stdin, answers)
    del app
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
