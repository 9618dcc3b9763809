"""What the trainings that start from scenes-turbo share: the command line, the pools, what they begin with."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from smile_core.editors.img2img_turbo_pipeline import Img2ImgTurboPipeline
from smile_core.scenes.training.latents import encode_all
from smile_core.scenes.training.loop import DEVICE
from smile_core.scenes.training.pairs import SCENES, Pairs, pools_in
from smile_core.scenes.training.tokenizer import check_words


@dataclass(frozen=True)
class Start:
    """What a training begins with. `folders` keep each pool's latents; `steps` has one number a stage."""

    turbo: Img2ImgTurboPipeline
    pools: list[Pairs]
    folders: list[Path]
    resume: Path | None
    out: Path
    steps: tuple[int, ...]
    rate: float
    seed: int
    decoder: Path | None = None
    """A folder whose autoencoder to keep, while the rest begins as turbo's."""

    def kept(self, autoencoder: AutoencoderKL) -> AutoencoderKL:
        """The autoencoder to begin with, given turbo's."""
        if self.decoder is None:
            return autoencoder
        kept: AutoencoderKL = AutoencoderKL.from_pretrained(self.decoder / "vae").float()
        return kept

    def latents(self) -> list[Tensor]:
        """Each pool's pictures as turbo's encoder sees them, scaled (M, C, h, w)."""
        return [encode_all(self.turbo.vae, pairs, kept) for pairs, kept in zip(self.pools, self.folders, strict=True)]


def pool_options(parser: argparse.ArgumentParser) -> None:
    """The options that say which pairs to learn from."""
    parser.add_argument("--pool", type=Path, help="folder that keeps the drawn pairs")
    parser.add_argument("--pool-seed", type=int, default=1, help="of the drawn pairs")
    parser.add_argument("--scenes", type=int, default=SCENES, help="how many to draw, and a sixth as many wide ones")


def pools_asked(options: argparse.Namespace) -> tuple[list[Pairs], list[Path]]:
    """The pools that `pool_options` ask for, and the folder of each; beside `--out` where none is named."""
    kept: Path = options.pool or options.out.parent / f"{options.out.name}-pairs"
    return pools_in(kept, options.scenes, seed=options.pool_seed)


def start(name: str, stages: Mapping[str, int], rate_of: str) -> Start:
    """Read the command line and draw or open the pools.

    Args:
        name: of the model that is trained.
        stages: each stage's letter and how many steps it takes unless told otherwise.
        rate_of: what `--rate` is the highest rate of.
    """
    first, *_ = stages
    parser = argparse.ArgumentParser(description=f"Train {name}.")
    parser.add_argument("--start", type=Path, required=True, help="scenes-turbo's folder; its encoder is kept")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--resume", type=Path, help="folder whose weights to go on from")
    parser.add_argument("--decoder", type=Path, help="folder whose autoencoder to keep; the rest begins as the start's")
    pool_options(parser)
    usual = " ".join(map(str, stages.values()))
    said = f"of each stage; {usual}, and none of {first} with --resume or --decoder"
    parser.add_argument("--steps", type=int, nargs=len(stages), metavar=tuple(stages), help=said)
    parser.add_argument("--rate", type=float, default=1e-3, help=f"highest, of {rate_of}")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    pools, folders = pools_asked(options)
    turbo = Img2ImgTurboPipeline.from_pretrained(options.start, dtype=torch.float32).to(DEVICE)
    check_words(turbo.tokenizer)
    goes_on = options.resume or options.decoder
    steps = tuple(options.steps or [0 if goes_on and stage == first else stages[stage] for stage in stages])
    given = options.resume, options.out, steps, options.rate, options.seed, options.decoder
    return Start(turbo, pools, folders, *given)
