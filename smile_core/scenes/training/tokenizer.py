"""A CLIP tokenizer for scenes: every known word is one token, every other text falls to bytes."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer, models, trainers
from transformers import CLIPTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from smile_core.scenes.lexicon import known_words

LENGTH = 32


def build_tokenizer(folder: Path) -> CLIPTokenizer:
    """Train byte-pair merges until each known word is one token, and save vocab and merges to `folder`."""
    end = "</w>"
    bpe = Tokenizer(models.BPE(end_of_word_suffix=end, unk_token="<|endoftext|>"))
    letters = sorted(bytes_to_unicode().values())
    trainer = trainers.BpeTrainer(
        vocab_size=8000,
        min_frequency=1,
        special_tokens=["<|startoftext|>", "<|endoftext|>", *letters, *(letter + end for letter in letters)],
        end_of_word_suffix=end,
        show_progress=False,
    )
    bpe.train_from_iterator(known_words(), trainer)
    folder.mkdir(parents=True, exist_ok=True)
    bpe.model.save(str(folder))
    tokenizer = CLIPTokenizer.from_pretrained(folder, model_max_length=LENGTH)
    check_words(tokenizer)
    tokenizer.save_pretrained(folder)
    return tokenizer


def check_words(tokenizer: CLIPTokenizer) -> None:
    """See that each known word is one token.

    Raises:
        ValueError: some are more, since the lexicon has gained words.
    """
    broken = [word for word in known_words() if len(tokenizer.tokenize(word)) != 1]
    if broken:
        raise ValueError(
            f"these words are more than one token: {', '.join(broken)}; "
            "give the weights the new words first: python -m smile_core.scenes.training.words"
        )
