"""Segment a picture with a bundle and none of our code: pip install onnxruntime tokenizers pillow numpy pyyaml.

python segment_with_onnxruntime.py polyps.vlseg photo.png "polyp" mask.png
"""

import sys
import zipfile

import numpy as np
import onnxruntime
import yaml
from PIL import Image
from tokenizers import Tokenizer

bundle, picture, phrase, out = sys.argv[1:]
files = zipfile.ZipFile(bundle)
about = yaml.safe_load(files.read("bundle.yaml"))


def run(graph, **inputs):
    session = onnxruntime.InferenceSession(files.read(graph), providers=["CPUExecutionProvider"])
    return session.run(None, inputs)[0]


how = about["preprocess"]  # for 8-bit pictures; other scans are windowed first, as `intensity` says
image = Image.open(picture).convert("RGB")
square = image.resize((how["size"], how["size"]), Image.Resampling[how["resample"].upper()])
pixels = (np.asarray(square, np.float32) / 255 - how["mean"]) / how["std"]

if about["append_stop"] and not phrase.endswith("."):
    phrase += "."
tokenizer = Tokenizer.from_str(files.read("tokenizer.json").decode())
tokenizer.no_padding()
ids = np.array([tokenizer.encode(phrase).ids], np.int64)

features = run("image.onnx", pixel_values=pixels.transpose(2, 0, 1)[None].astype(np.float32))
embedding = run("text.onnx", input_ids=ids, attention_mask=np.ones_like(ids))
logits = run("mask.onnx", features=features, embedding=embedding)[0, 0]

probability = Image.fromarray(1 / (1 + np.exp(-logits))).resize(image.size, Image.Resampling.BICUBIC)
mask = np.asarray(probability) >= about["threshold"]
Image.fromarray(mask.astype(np.uint8) * 255).save(out)
