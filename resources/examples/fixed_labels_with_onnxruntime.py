"""Segment a picture with the labels that a bundle was tuned for: pip install onnxruntime pillow numpy pyyaml.

python fixed_labels_with_onnxruntime.py polyps.vlseg photo.png labels.png
"""

import sys
import zipfile

import numpy as np
import onnxruntime
import yaml
from PIL import Image

bundle, picture, out = sys.argv[1:]
files = zipfile.ZipFile(bundle)
about = yaml.safe_load(files.read("bundle.yaml"))
how = about["preprocess"]  # for 8-bit pictures; other scans are windowed first, as `intensity` says
image = Image.open(picture).convert("RGB")
square = image.resize((how["size"], how["size"]), Image.Resampling[how["resample"].upper()])
pixels = (np.asarray(square, np.float32) / 255 - how["mean"]) / how["std"]

session = onnxruntime.InferenceSession(files.read("fixed.onnx"), providers=["CPUExecutionProvider"])
(maps,) = session.run(None, {"pixel_values": pixels.transpose(2, 0, 1)[None].astype(np.float32)})

resized = [np.asarray(Image.fromarray(one).resize(image.size, Image.Resampling.BICUBIC)) for one in maps[0]]
values = np.array([label["value"] for label in about["labels"]], np.uint16)
found = np.where(np.max(resized, axis=0) >= about["threshold"], values[np.argmax(resized, axis=0)], 0)
Image.fromarray(found.astype(np.uint16)).save(out)
