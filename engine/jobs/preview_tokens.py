"""The tokens that a model makes of phrases, and what it would not see of them; its network is not loaded."""

from __future__ import annotations

from typing import Any

from engine.contract.control import CancelToken, Emit
from engine.contract.errors import OutOfRange
from engine.contract.jobs import PreviewTokens
from engine.models.weights import find_weights
from engine.text.phrases import with_stop
from engine.text.tokenizer import PhraseTokenizer, knows_full_stop


def run(job: PreviewTokens, emit: Emit, cancel: CancelToken, job_id: str, **_shared: Any) -> dict[str, Any]:
    """`{"limit", "rows": [{"phrase", "tokens", "kept", "cut", "problem"}]}`; raises WeightsMissing."""
    del emit, cancel, job_id
    tokenizer = PhraseTokenizer.from_folder(find_weights(job.weights).path)
    stops = knows_full_stop(tokenizer)
    return {
        "limit": tokenizer.max_length,
        "rows": [_row(phrase, tokenizer, job.reserve, stops=stops) for phrase in job.phrases],
    }


def _row(phrase: str, tokenizer: PhraseTokenizer, reserve: int, *, stops: bool) -> dict[str, Any]:
    row = {"phrase": phrase, "tokens": [], "kept": 0, "cut": "", "problem": ""}
    try:
        said = with_stop(phrase) if stops else phrase
        pieces = tokenizer.words_of(said)
        ids, _ = tokenizer.encode([said], reserve)
        return {
            **row,
            "tokens": pieces,
            "kept": min(len(pieces), ids.shape[1] - tokenizer.framing),
            "cut": tokenizer.will_cut(said, reserve) or "",
        }
    except OutOfRange as error:
        return {**row, "problem": error.message}
