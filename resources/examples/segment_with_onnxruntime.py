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
how = about["preprocess"]  # for 8-bit pictures; other scans are windowed first, as `intensity` says
image = Image.open(picture).convert("RGB")
square = image.resize((how["size"], how["size"]), Image.Resampling[how["resample"].upper()])
pixels = (np.asarray(square, np.float32) / 255 - how["mean"]) / how["std"]

stop = "." if about["append_stop"] and not phrase.endswith(".") else ""
tokenizer = Tokenizer.from_str(files.read("tokenizer.json").decode())
tokenizer.no_padding()
ids = np.array([tokenizer.encode(phrase + stop).ids], np.int64)
named = [number for number, label in enumerate(about["labels"]) if phrase in (label["name"], label["phrase"])]

known = {"pixel_values": pixels.transpose(2, 0, 1)[None].astype(np.float32), "input_ids": ids}
known |= {"attention_mask": np.ones_like(ids), "label_index": np.array((named or [0])[:1], np.int64)}
for graph in ("image.onnx", "text.onnx", "mask.onnx"):  # what one gives, the next takes by the same name
    session = onnxruntime.InferenceSession(files.read(graph), providers=["CPUExecutionProvider"])
    values = session.run(None, {wanted.name: known[wanted.name] for wanted in session.get_inputs()})
    known |= dict(zip((given.name for given in session.get_outputs()), values, strict=True))

probability = Image.fromarray(1 / (1 + np.exp(-known["logits"][0, 0])))
mask = np.asarray(probability.resize(image.size, Image.Resampling.BICUBIC)) >= about["threshold"]
Image.fromarray(mask.astype(np.uint8) * 255).save(out)
