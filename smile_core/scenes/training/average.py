"""Average scenes-turbo's weights with those of a model that went on from them.

    python -m smile_core.scenes.training.average --out FOLDER TURBO OTHER [--share S]

Networks that were trained on from the same weights lie in one valley, and their mean is often better than each
(Wortsman et al., "Model soups", 2022). The other is a scenes-turbo or a scenes-ip2p, whose task at full noise is
turbo's; what its UNet learned of noise is left out. The autoencoder stays turbo's.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from smile_core.scenes.training.parts import LATENT_CHANNELS

UNET, TEXT_ENCODER = "unet/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"
FIRST = "conv_in.weight"


def average(one: Mapping[str, Tensor], other: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """Half-precision tensors of the first model's names; `share`, in [0, 1], is how much the other counts.

    Raises:
        ValueError: the models differ in their layout.
    """
    if one.keys() != other.keys() or any(one[name].shape != other[name].shape for name in one):
        raise ValueError("the two models differ in their layout; give two that come from the same weights")
    return {name: torch.lerp(one[name].float(), other[name].float(), share).half().contiguous() for name in one}


def as_turbo(unet: Mapping[str, Tensor], scale: float) -> dict[str, Tensor]:
    """A UNet's weights as turbo's layout has them: no noise, and the picture's latents scaled."""
    first = unet[FIRST]
    if first.shape[1] == 2 * LATENT_CHANNELS:
        first = first[:, LATENT_CHANNELS:].float() / scale
    return {**unet, FIRST: first}


def main() -> None:
    """The command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Average scenes-turbo with a model that went on from it.")
    parser.add_argument("turbo", type=Path, help="scenes-turbo's folder")
    parser.add_argument("other", type=Path, help="folder of a scenes-turbo or a scenes-ip2p")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--share", type=float, default=0.5, help="how much the other counts, 0 to 1")
    options = parser.parse_args()
    scale = json.loads((options.turbo / "vae" / "config.json").read_text(encoding="utf-8"))["scaling_factor"]
    unet = average(load_file(options.turbo / UNET), as_turbo(load_file(options.other / UNET), scale), options.share)
    words = average(load_file(options.turbo / TEXT_ENCODER), load_file(options.other / TEXT_ENCODER), options.share)
    shutil.copytree(options.turbo, options.out, dirs_exist_ok=True)
    save_file(unet, options.out / UNET, metadata={"format": "pt"})
    save_file(words, options.out / TEXT_ENCODER, metadata={"format": "pt"})


if __name__ == "__main__":
    main()
