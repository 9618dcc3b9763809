"""Give trained weights the words that the lexicon has gained, so that training can go on from them.

    python -m smile_core.scenes.training.words MODEL --out FOLDER

The folder gets a new tokenizer, and the text encoder's embeddings in its order. A word that the model never learned
begins as one that means the same: a plural as its noun, a synonym as the first of its group, a word that means
nothing as "please". Everything else stays.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTokenizer

from smile_core.scenes.lexicon import SENSES, THINGS, known_words, plural
from smile_core.scenes.training.parts import tokenizer_in
from smile_core.scenes.training.tokenizer import build_tokenizer

EMBEDDINGS = "embeddings.token_embedding.weight"
LEARNED = 0.3
"""Embeddings begin with a norm of about 0.2 and shrink where no text calls for them; elsewhere they grow beyond 0.4."""
IDLE = "please"


def alike(word: str, learned: set[str]) -> str:
    """The learned word that a new one begins as."""
    nouns = {plural(noun): noun for group in THINGS.values() for noun in group}
    if nouns.get(word) in learned:
        return nouns[word]
    meaning = SENSES.get(word)
    same = (other for other, sense in SENSES.items() if sense == meaning and other in learned)
    return IDLE if meaning is None else next(same, IDLE)


def learned_words(tokenizer: CLIPTokenizer, rows: Tensor) -> set[str]:
    """The known words that are one token, and whose embedding, of `rows` (V, width), training has moved."""
    place = tokenizer.get_vocab()
    tokens = {word: tokenizer.tokenize(word) for word in known_words()}
    return {word for word, parts in tokens.items() if len(parts) == 1 and rows[place[parts[0]]].norm() >= LEARNED}


def embeddings_for(tokenizer: CLIPTokenizer, old: CLIPTokenizer, rows: Tensor, *, seed: int = 0) -> Tensor:
    """Embeddings (V', width) of a new tokenizer's tokens, from an old one's `rows` (V, width)."""
    before, learned = old.get_vocab(), learned_words(old, rows)
    random = torch.Generator().manual_seed(seed)
    found = 0.02 * torch.randn(len(tokenizer), rows.shape[1], generator=random).to(rows.dtype)
    for token, place in tokenizer.get_vocab().items():
        if token in before:
            found[place] = rows[before[token]]
    for word in set(known_words()) - learned:
        place = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(word)[0])
        found[place] = rows[before[old.tokenize(alike(word, learned))[0]]]
    return found


def with_new_words(model: Path, out: Path) -> list[str]:
    """Copy a model with today's words.

    Args:
        model: a folder of diffusers whose tokenizer `build_tokenizer` made.
        out: where the new one goes.

    Returns:
        The known words that the model had not learned.
    """
    shutil.copytree(model, out)
    old = tokenizer_in(model)
    shutil.rmtree(out / "tokenizer")
    with tempfile.TemporaryDirectory() as merges:
        tokenizer = build_tokenizer(Path(merges))
    tokenizer.save_pretrained(out / "tokenizer")
    file = out / "text_encoder" / "model.safetensors"
    weights = load_file(file)
    rows = weights[EMBEDDINGS]
    weights[EMBEDDINGS] = embeddings_for(tokenizer, old, rows)
    save_file(weights, file, metadata={"format": "pt"})
    config = CLIPTextConfig.from_pretrained(out / "text_encoder")
    config.vocab_size = len(tokenizer)
    config.save_pretrained(out / "text_encoder")
    return sorted(set(known_words()) - learned_words(old, rows))


def main() -> None:
    """The command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Give a scenes model the lexicon's new words.")
    parser.add_argument("model", type=Path, help="folder of the weights")
    parser.add_argument("--out", type=Path, required=True, help="folder for the new ones")
    options = parser.parse_args()
    print("new words:", ", ".join(with_new_words(options.model, options.out)))


if __name__ == "__main__":
    main()
