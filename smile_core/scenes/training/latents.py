"""A pool's pictures as latents, encoded once and kept on disk for the trainings that share an encoder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from smile_core.editors.img2img_turbo_pipeline import SkipAutoencoderKL
from smile_core.scenes.training.loop import DEVICE
from smile_core.scenes.training.pairs import Pairs
from smile_core.scenes.training.parts import pixels_of


def encode_all(vae: SkipAutoencoderKL, pairs: Pairs, folder: Path) -> Tensor:
    """Scaled latents (M, C, h, w) of every picture, half precision; the pool's folder keeps them for this encoder."""
    encoder = [v for k, v in sorted(vae.state_dict().items()) if k.startswith(("encoder.", "quant_conv."))]
    weights = (v.cpu().half().numpy().tobytes() for v in encoder)
    kept = folder / f"latents-{hashlib.sha256(b''.join(weights)).hexdigest()[:12]}.npy"
    if kept.exists():
        return torch.from_numpy(np.load(kept)).to(DEVICE)
    parts = []
    with torch.no_grad(), torch.autocast(DEVICE, dtype=torch.bfloat16):
        for start in range(0, len(pairs.pictures), 64):
            rows = np.arange(start, min(start + 64, len(pairs.pictures)))
            latents = vae.encode_with_skips(pixels_of(pairs, rows))[0].float()
            parts.append((latents * vae.config.scaling_factor).half())
    found = torch.cat(parts)
    np.save(kept, found.cpu().numpy())
    return found
