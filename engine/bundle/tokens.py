"""Phrase → what a bundle's text graph is given; the same where labels are baked in and where a user types."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engine.bundle.manifest import TOKENIZER, Manifest
from engine.contract.errors import InputError, NotABundle
from engine.text.phrases import with_stop
from engine.text.tokenizer import PhraseTokenizer


class BundleTokens:
    """The tokenizer of a bundle with the bundle's own rules about length and full stops."""

    def __init__(self, manifest: Manifest, data: bytes, where: str) -> None:
        """`data`: tokenizer.json; raises NotABundle, naming `where`, for a file that is none."""
        try:
            tokenizer = Tokenizer.from_str(data.decode("utf-8"))
        except Exception as error:  # tokenizers raises plain Exception
            raise NotABundle(
                f"{where}: {TOKENIZER} cannot be used: {str(error)[:120]}.", hint="Export the bundle again."
            ) from error
        self._tokenizer = PhraseTokenizer(tokenizer, manifest.pad_id, manifest.max_length)
        self._reserve = manifest.learned_tokens
        self._stop = manifest.append_stop

    def encode(self, phrase: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ids and attention mask int64 [1, T], as long as the phrase; raises InputError for one without words."""
        return self._tokenizer.encode([self._worded(phrase)], reserve=self._reserve)

    def cut(self, phrase: str) -> str | None:
        """The words that the model is not given because the phrase is too long; None where it fits."""
        return self._tokenizer.will_cut(self._worded(phrase), reserve=self._reserve)

    def _worded(self, phrase: str) -> str:
        if not phrase.strip(" .\t\r\n"):
            raise InputError("A phrase is empty.", hint="Type what to look for, such as 'polyp'.", field="prompts")
        return with_stop(phrase) if self._stop else phrase
