"""The parts that both embedded models are built of, with random weights, and how they learn the language."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from smile_core.editors.img2img_turbo_pipeline import SkipAutoencoderKL
from smile_core.scenes.training.labels import EDIT_LABELS
from smile_core.scenes.training.loop import DEVICE, train
from smile_core.scenes.training.pairs import Pairs
from smile_core.scenes.training.tokenizer import LENGTH

TEXT_WIDTH = 96
TEXT_BATCH = 128
LATENT_CHANNELS = 4
FACTOR = 4
"""A picture of 128x128 has latents of 32x32."""


def new_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Three layers, 32 tokens."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            num_hidden_layers=3,
            num_attention_heads=3,
            max_position_embeddings=LENGTH,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )


def new_autoencoder() -> SkipAutoencoderKL:
    """A light autoencoder; its decoder costs more than the UNet all the same."""
    vae: SkipAutoencoderKL = SkipAutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(16, 16, 32),
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=8,
        sample_size=128,
        scaling_factor=1.0,
        mid_block_add_attention=False,
    )
    return vae


def new_unet(in_channels: int) -> UNet2DConditionModel:
    """Words act at 16x16 and at 8x8; at 32x32 there are convolutions only."""
    unet = UNet2DConditionModel(
        sample_size=128 // FACTOR,
        in_channels=in_channels,
        out_channels=LATENT_CHANNELS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(24, 56, 112),
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=(1, 1, 2),  # Despite its name, diffusers reads the number of heads here.
        norm_num_groups=8,
    )
    # Flash attention for CPUs is slower than plain matrices at these sizes, backwards above all.
    unet.set_attn_processor(AttnProcessor())
    return unet


def token_ids(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Token ids (N, LENGTH), int16."""
    ids = tokenizer(texts, padding="max_length", max_length=LENGTH, truncation=True).input_ids
    return torch.tensor(ids, dtype=torch.int16)


def pixels_of(pairs: Pairs, indices: np.ndarray) -> Tensor:
    """Pictures (B, 3, H, W) in [-1, 1]."""
    batch = torch.from_numpy(np.ascontiguousarray(pairs.pictures[indices]))
    return batch.to(DEVICE).permute(0, 3, 1, 2).float() / 127.5 - 1


class _EditHead(nn.Module):
    """Which edits a text asks for, from all its tokens' features."""

    def __init__(self) -> None:
        super().__init__()
        self.say = nn.Linear(2 * TEXT_WIDTH, EDIT_LABELS)

    def forward(self, features: Tensor) -> Tensor:
        return self.say(torch.cat([features.mean(1), features.amax(1)], 1))  # type: ignore[no-any-return]


def train_language(
    text_encoder: CLIPTextModel, tokenizer: CLIPTokenizer, pools: list[Pairs], *, steps: int, seed: int, rate: float
) -> None:
    """Teach the text encoder to tell what is asked, from text alone; the head is thrown away."""
    if steps == 0:
        return
    tokens = torch.cat([token_ids(tokenizer, pool.texts) for pool in pools]).to(DEVICE)
    labels = torch.from_numpy(np.concatenate([pool.edits for pool in pools])).to(DEVICE)
    head = _EditHead().to(DEVICE)

    def loss_of(random: np.random.Generator) -> Tensor:
        rows = torch.from_numpy(random.integers(len(tokens), size=TEXT_BATCH)).to(DEVICE)
        # One place more than there are labels takes the -1 that fill up.
        wanted = torch.zeros(TEXT_BATCH, EDIT_LABELS + 1, device=DEVICE)
        wanted.scatter_(1, torch.where(labels[rows] < 0, EDIT_LABELS, labels[rows]).long(), 1.0)
        said = head(text_encoder(tokens[rows].long())[0]).float()
        return F.binary_cross_entropy_with_logits(said, wanted[:, :-1], reduction="sum") / TEXT_BATCH

    train("language", [text_encoder], loss_of, steps=steps, rate=rate, seed=seed, helpers=[head])


def tokenizer_in(folder: Path) -> CLIPTokenizer:
    """The tokenizer saved in a model's folder."""
    return CLIPTokenizer.from_pretrained(folder / "tokenizer")
