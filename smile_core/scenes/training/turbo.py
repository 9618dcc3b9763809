"""Train scenes-turbo from nothing, or go on from the weights that are there.

    python -m smile_core.scenes.training.turbo --out FOLDER [--resume FOLDER] [--pool FOLDER] [--steps A L B C]

Four stages, each seeded:
A. The autoencoder with its skip connections learns from pairs without text: the decoder sees the
   latents of the edited picture and the activations of the unedited one.
L. The text encoder learns to name the edits that a text asks for (`labels.py`).
B. The UNet and the text encoder learn to turn source latents into target latents in one call;
   in every picture the places that change weigh as much as all the others.
C. Decoder, UNet and text encoder learn together from pixels, so that the decoder meets the UNet's own latents.
The weights saved are an exponential moving average, half precision, in diffusers' folder format.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn

from smile_core.editors.img2img_turbo_pipeline import TIMESTEP, Img2ImgTurboPipeline, SkipAutoencoderKL
from smile_core.scenes.scene import KINDS
from smile_core.scenes.training.batches import LATENT_BATCH, LATENT_NOISE, PIXEL_BATCH, WORST, pick_pool
from smile_core.scenes.training.labels import GRID
from smile_core.scenes.training.latents import encode_all
from smile_core.scenes.training.loop import DEVICE, balanced, changed, hardest, train
from smile_core.scenes.training.pairs import Pairs
from smile_core.scenes.training.parts import (
    LATENT_CHANNELS,
    new_autoencoder,
    new_text_encoder,
    new_unet,
    pixels_of,
    token_ids,
    train_language,
)
from smile_core.scenes.training.saving import save_half, say_size
from smile_core.scenes.training.starting import pool_options, pools_asked
from smile_core.scenes.training.tokenizer import build_tokenizer, check_words

STEPS = (3000, 1500, 8000, 1500)
"""Of the four stages."""
SEEING = 0.1
"""Weight of naming what stands where, beside the edit itself."""


def new_pipeline(folder: Path) -> Img2ImgTurboPipeline:
    """The architecture with random weights."""
    tokenizer = build_tokenizer(folder / "tokenizer")
    scheduler = DDPMScheduler(prediction_type="sample", clip_sample=False, timestep_spacing="trailing")
    return Img2ImgTurboPipeline(
        new_autoencoder(), new_text_encoder(tokenizer), tokenizer, new_unet(LATENT_CHANNELS), scheduler
    )


def train_autoencoder(vae: SkipAutoencoderKL, pools: list[Pairs], *, steps: int, seed: int, rate: float) -> None:
    """Stage A."""
    moved = [np.flatnonzero(pairs.source != pairs.target) for pairs in pools]

    def loss_of(random: np.random.Generator) -> Tensor:
        which = pick_pool(random, len(pools))
        pairs, rows = pools[which], random.choice(moved[which], size=PIXEL_BATCH)
        source, target = pixels_of(pairs, pairs.source[rows]), pixels_of(pairs, pairs.target[rows])
        still = torch.from_numpy(random.random(PIXEL_BATCH) < 0.12).to(DEVICE)[:, None, None, None]
        target = torch.where(still, source, target)
        latents, _ = vae.encode_with_skips(target)
        with torch.no_grad():
            _, activations = vae.encode_with_skips(source)
        decoded = vae.decode_with_skips(latents + LATENT_NOISE * torch.randn_like(latents), activations).float()
        small: Tensor = 1e-3 * latents.float().square().mean()
        return balanced((decoded - target).abs(), changed(source, target, 0.06)) + small

    train("autoencoder", [vae], loss_of, steps=steps, rate=rate, seed=seed)
    if steps:
        with torch.no_grad():
            rows = np.arange(0, len(pools[0].pictures), 97)[:256]
            sample, _ = vae.encode_with_skips(pixels_of(pools[0], rows))
        vae.register_to_config(scaling_factor=round(float(1 / sample.std()), 4))


class Seeing(nn.Module):
    """Names the kinds of things in each cell of the source and of the target, from the UNet's middle."""

    def __init__(self, unet: nn.Module, width: int) -> None:
        super().__init__()
        self.say = nn.Conv2d(width, 2 * len(KINDS), 1)
        self._middle = torch.empty(0)
        self._hook = unet.mid_block.register_forward_hook(self._keep)  # type: ignore[union-attr]

    def _keep(self, module: nn.Module, given: object, output: Tensor) -> None:
        self._middle = output

    def close(self) -> None:
        """Look no more: a module whose hooks hold part of a graph cannot be copied."""
        self._hook.remove()

    def loss(self, source: Tensor, target: Tensor) -> Tensor:
        """Cross-entropy a cell, summed over kinds; `source` and `target` are bit maps (B, 8, 8)."""
        bits = torch.arange(len(KINDS), device=source.device)[None, :, None, None]
        wanted = torch.cat([(kinds[:, None].int() >> bits) & 1 for kinds in (source, target)], 1).float()
        said = F.adaptive_avg_pool2d(self.say(self._middle).float(), GRID)
        self._middle = torch.empty(0)  # A module whose hooks hold part of a graph cannot be copied.
        return F.binary_cross_entropy_with_logits(said, wanted) * 2 * len(KINDS)


def train_editing(
    pipe: Img2ImgTurboPipeline,
    pools: list[Pairs],
    folders: list[Path],
    *,
    steps: int,
    seed: int,
    rate: float,
    on_save: Callable[[], None],
) -> None:
    """Stage B."""
    if steps == 0:
        return
    latents = [encode_all(pipe.vae, pairs, folder) for pairs, folder in zip(pools, folders, strict=True)]
    tokens = [token_ids(pipe.tokenizer, pairs.texts).to(DEVICE) for pairs in pools]
    kinds = [torch.from_numpy(pairs.kinds.astype(np.int32)).to(DEVICE) for pairs in pools]
    print(f"encoded {sum(map(len, latents))} pictures, {sum(map(len, tokens))} instructions", flush=True)
    seeing = Seeing(pipe.unet, pipe.unet.config.block_out_channels[-1]).to(DEVICE)
    time = torch.full((LATENT_BATCH,), TIMESTEP, device=DEVICE)

    def loss_of(random: np.random.Generator) -> Tensor:
        which = pick_pool(random, len(pools))
        pairs = pools[which]
        rows = pairs.sample(random, LATENT_BATCH)
        sides = [torch.from_numpy(side[rows]).to(DEVICE) for side in (pairs.source, pairs.target)]
        source, target = (latents[which][side].float() for side in sides)
        features = pipe.text_encoder(tokens[which][torch.from_numpy(rows)].long())[0]
        output = pipe.unet(source, time, encoder_hidden_states=features).sample.float()
        errors = (output - target).square()
        edit = balanced(errors, changed(source, target, 0.25)) + WORST * hardest(errors)
        return edit + SEEING * seeing.loss(kinds[which][sides[0]], kinds[which][sides[1]])

    modules = [pipe.unet, pipe.text_encoder]
    train("editing", modules, loss_of, steps=steps, rate=rate, seed=seed, helpers=[seeing.say], on_save=on_save)
    seeing.close()


def train_together(
    pipe: Img2ImgTurboPipeline, pools: list[Pairs], *, steps: int, seed: int, rate: float, on_save: Callable[[], None]
) -> None:
    """Stage C; the encoder stays as it is."""
    if steps == 0:
        return
    tokens = [token_ids(pipe.tokenizer, pairs.texts).to(DEVICE) for pairs in pools]
    scale = pipe.vae.config.scaling_factor
    time = torch.full((PIXEL_BATCH,), TIMESTEP, device=DEVICE)

    def loss_of(random: np.random.Generator) -> Tensor:
        which = pick_pool(random, len(pools))
        pairs = pools[which]
        rows = pairs.sample(random, PIXEL_BATCH)
        source, target = pixels_of(pairs, pairs.source[rows]), pixels_of(pairs, pairs.target[rows])
        with torch.no_grad():
            latents, activations = pipe.vae.encode_with_skips(source)
            wanted, _ = pipe.vae.encode_with_skips(target)
        features = pipe.text_encoder(tokens[which][torch.from_numpy(rows)].long())[0]
        output = pipe.unet(latents * scale, time, encoder_hidden_states=features).sample
        decoded = pipe.vae.decode_with_skips(output / scale, activations).float()
        where = changed(source, target, 0.06)
        near = F.max_pool2d(where, source.shape[-1] // output.shape[-1])
        errors = (decoded - target).abs()
        pixels = balanced(errors, where) + WORST * hardest(errors)
        return pixels + 0.2 * balanced((output.float() - wanted.float() * scale).square(), near)

    modules: list[nn.Module] = [pipe.unet, pipe.text_encoder, pipe.vae.decoder]
    if pipe.vae.post_quant_conv is not None:
        modules.append(pipe.vae.post_quant_conv)
    train("together", modules, loss_of, steps=steps, rate=rate, seed=seed, on_save=on_save)


def main() -> None:
    """The command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Train scenes-turbo.")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--resume", type=Path, help="folder whose weights to go on from")
    pool_options(parser)
    said = f"of each stage; {' '.join(map(str, STEPS))}, and none of A and L with --resume"
    parser.add_argument("--steps", type=int, nargs=4, metavar=("A", "L", "B", "C"), help=said)
    parser.add_argument(
        "--rate", type=float, default=2e-3, help="highest, of stages L and B; A takes 1.5, C half of it"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-dropout", action="store_true", help="leave no words out; only to compare with")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    pools, folders = pools_asked(options)
    if options.no_dropout:
        pools = [pairs.said_in_full() for pairs in pools]
    if options.resume:
        pipe = Img2ImgTurboPipeline.from_pretrained(options.resume, dtype=torch.float32)
        check_words(pipe.tokenizer)
        pipe.unet.set_attn_processor(AttnProcessor())
    else:
        pipe = new_pipeline(options.out)
    pipe.to(DEVICE)
    say_size(pipe, pools)
    a, words, b, c = options.steps or ((0, 0, *STEPS[2:]) if options.resume else STEPS)
    seed, rate = options.seed, options.rate

    def save() -> None:
        save_half(pipe, Img2ImgTurboPipeline, options.out)

    train_autoencoder(pipe.vae, pools, steps=a, seed=seed, rate=1.5 * rate)
    train_language(pipe.text_encoder, pipe.tokenizer, pools, steps=words, seed=seed + 3, rate=rate)
    save()
    train_editing(pipe, pools, folders, steps=b, seed=seed + 1, rate=rate, on_save=save)
    train_together(pipe, pools, steps=c, seed=seed + 2, rate=rate / 2, on_save=save)


if __name__ == "__main__":
    main()
