"""Editing models with random weights, full-size or reduced: speed does not depend on what weights say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from smile_core.scenes.training.tokenizer import LENGTH, build_tokenizer


@dataclass(frozen=True)
class Size:
    """How large a model is. `side` is of its pictures, pixels; `precision` of its stored weights."""

    widths: tuple[int, ...]
    text: int
    text_layers: int
    vae: tuple[int, ...]
    side: int
    precision: torch.dtype


FULL = Size((320, 640, 1280, 1280), 768, 12, (128, 256, 512, 512), 512, torch.float16)
"""Stable Diffusion 1.5."""
REDUCED = Size((32, 64), 64, 2, (16, 32, 32), 64, torch.float32)
"""What two CPU cores do in a second."""


def build(kind: str, folder: Path, size: Size) -> Path:
    """Write a diffusers folder of random weights.

    Args:
        kind: "pix2pix" (eight channels, three branches) or "inpainting" (nine channels, two).
        folder: where.
        size: how large.
    """
    import diffusers
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    tokenizer = build_tokenizer(folder / "tokenizer")
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.text,
        intermediate_size=4 * size.text,
        num_hidden_layers=size.text_layers,
        num_attention_heads=max(1, size.text // 64),
        max_position_embeddings=LENGTH,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    levels = len(size.widths)
    parts: dict[str, Any] = {
        "unet": diffusers.UNet2DConditionModel(
            sample_size=size.side // 2 ** (len(size.vae) - 1),
            in_channels={"pix2pix": 8, "inpainting": 9}[kind],
            out_channels=4,
            block_out_channels=size.widths,
            layers_per_block=2,
            down_block_types=("CrossAttnDownBlock2D",) * (levels - 1) + ("DownBlock2D",),
            up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * (levels - 1),
            cross_attention_dim=size.text,
            attention_head_dim=8,
            norm_num_groups=min(32, size.widths[0]),
        ),
        "vae": diffusers.AutoencoderKL(
            block_out_channels=size.vae,
            down_block_types=("DownEncoderBlock2D",) * len(size.vae),
            up_block_types=("UpDecoderBlock2D",) * len(size.vae),
            layers_per_block=2,
            latent_channels=4,
            norm_num_groups=min(32, size.vae[0]),
            sample_size=size.side,
        ),
        "text_encoder": CLIPTextModel(text),
    }
    for part in parts.values():
        part.to(size.precision)
    pipeline = {"pix2pix": "StableDiffusionInstructPix2PixPipeline", "inpainting": "StableDiffusionInpaintPipeline"}
    getattr(diffusers, pipeline[kind])(
        **parts,
        tokenizer=tokenizer,
        scheduler=diffusers.EulerAncestralDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)
    return folder
