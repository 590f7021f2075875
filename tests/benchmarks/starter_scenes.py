"""How truly the starter model follows phrases, on drawn scenes that its training never saw.

python tests/benchmarks/starter_scenes.py [--json] [--model FOLDER] [--scenes 300] [--seed 0]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from engine.synthetic.evaluate import measure, open_model  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "resources" / "models" / "starter")
    parser.add_argument("--scenes", type=int, default=300, help="scenes of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    figures = measure(*open_model(arguments.model), arguments.scenes, arguments.seed)
    if arguments.json:
        result = {"scenes": arguments.scenes, "seed": arguments.seed, "figures": figures}
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
        return
    for group, values in figures.items():
        shown = "  ".join(f"{name} {value:.3f}" for name, value in values.items() if name != "questions")
        sys.stdout.write(f"{group:34s} {values['questions']:5.0f} questions  {shown}\n")


if __name__ == "__main__":
    main()
