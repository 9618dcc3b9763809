"""Train scenes-inpaint, which edits inside an area only, from scenes-turbo's weights, or go on from those there are.

    python -m smile_core.scenes.training.inpaint --start TURBO --out FOLDER [--resume FOLDER | --decoder FOLDER]

The layout is Stable Diffusion's for inpainting: nine input channels, which are the picture's latents under noise,
the area, and the latents of the picture without the area. It takes one step at half strength, so that little noise
lies on the picture and the model sees what it edits, as `strength` below 1 does in every inpainting model; that is
turbo's own task with an area beside it, and it starts from turbo's UNet.

Three stages, each seeded:
D. A decoder without skip connections learns to draw pictures from turbo's latents; the encoder stays (`ip2p.py`).
F. UNet and text encoder learn the edited latents inside the area and the source's outside.
G. Decoder, UNet and text encoder learn together from pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionInpaintPipeline
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn

from smile_core.editors.img2img_turbo_pipeline import Img2ImgTurboPipeline
from smile_core.scenes.training.batches import LATENT_BATCH, PIXEL_BATCH, pick_pool
from smile_core.scenes.training.ip2p import train_decoder
from smile_core.scenes.training.loop import DEVICE, balanced, changed, train
from smile_core.scenes.training.pairs import Pairs
from smile_core.scenes.training.parts import LATENT_CHANNELS, new_unet, pixels_of, token_ids
from smile_core.scenes.training.saving import save_half, say_size
from smile_core.scenes.training.starting import Start, start

EDITING = {"steps": 2, "strength": 0.5, "guidance": 1}
"""What the editor uses unless told otherwise, saved beside the weights: of two steps the second, which is one."""
TIMESTEP = 499
"""The second of two steps."""
NEVER = -30.0
"""Logarithm of a variance that is none."""
ELSEWHERE = 0.2
"""How often the area is anywhere instead of around what changes."""
MARGIN = 10
"""Most pixels between what changes and the area's edge."""


def new_scheduler() -> DDIMScheduler:
    """So little noise that at `TIMESTEP` less than a tenth of the variance is noise; predicts the clean latents."""
    return DDIMScheduler(
        beta_start=1e-4,
        beta_end=3.2e-4,
        beta_schedule="linear",
        prediction_type="sample",
        clip_sample=False,
        set_alpha_to_one=True,
        timestep_spacing="trailing",
    )


def from_turbo(turbo: Img2ImgTurboPipeline) -> StableDiffusionInpaintPipeline:
    """Turbo's parts for inpainting: no skip connections, five more input channels that begin at zero."""
    config = {k: v for k, v in turbo.vae.config.items() if not k.startswith("_")}
    vae = AutoencoderKL(**config)
    vae.load_state_dict({k: v for k, v in turbo.vae.state_dict().items() if "skip_conv" not in k})
    silence(vae)
    unet = new_unet(2 * LATENT_CHANNELS + 1)
    weights = turbo.unet.state_dict()
    seen = weights["conv_in.weight"]
    weights["conv_in.weight"] = torch.cat([seen, torch.zeros_like(seen[:, :1]), torch.zeros_like(seen)], 1)
    unet.load_state_dict(weights)
    return pipeline_of(vae, turbo.text_encoder, turbo.tokenizer, unet, new_scheduler())


def silence(vae: AutoencoderKL) -> None:
    """Give the latents no spread: the pipeline draws them, and turbo's encoder never learned a spread."""
    last = vae.encoder.conv_out if vae.quant_conv is None else vae.quant_conv
    with torch.no_grad():
        last.weight[LATENT_CHANNELS:] = 0
        last.bias[LATENT_CHANNELS:] = NEVER


def pipeline_of(
    vae: Any, text_encoder: nn.Module, tokenizer: object, unet: nn.Module, scheduler: DDIMScheduler
) -> StableDiffusionInpaintPipeline:
    """diffusers' pipeline without a safety checker: cartoons need none."""
    return StableDiffusionInpaintPipeline(
        vae, text_encoder, tokenizer, unet, scheduler, None, None, requires_safety_checker=False
    )


def areas_for(random: np.random.Generator, source: Tensor, target: Tensor) -> Tensor:
    """An area for each pair of pictures (B, 3, H, W): (B, 1, H, W), 0 or 1.

    Mostly a box around what changes, with a margin; else any box, which may cut through it.
    """
    differs = changed(source, target, 0.06)[:, 0].cpu().numpy() > 0
    count, height, width = differs.shape
    areas = np.zeros((count, 1, height, width), np.float32)
    for area, moved in zip(areas[:, 0], differs, strict=True):
        rows, columns = np.flatnonzero(moved.any(1)), np.flatnonzero(moved.any(0))
        if len(rows) and random.random() >= ELSEWHERE:
            top, left, bottom, right = (int(random.integers(1, MARGIN + 1)) for _ in range(4))
            area[max(0, rows[0] - top) : rows[-1] + 1 + bottom, max(0, columns[0] - left) : columns[-1] + 1 + right] = 1
        else:
            high, wide = (int(side * random.uniform(0.2, 0.9)) for side in (height, width))
            top, left = int(random.integers(height - high + 1)), int(random.integers(width - wide + 1))
            area[top : top + high, left : left + wide] = 1
    return torch.from_numpy(areas).to(source.device)


def given_to(pipe: StableDiffusionInpaintPipeline, latents: Tensor, source: Tensor, areas: Tensor) -> Tensor:
    """The UNet's nine channels, as the pipeline makes them, from scaled latents, pixels and areas of pixels."""
    signal = pipe.scheduler.alphas_cumprod[TIMESTEP].to(latents.device)
    noisy = signal.sqrt() * latents + (1 - signal).sqrt() * torch.randn_like(latents)
    with torch.no_grad():
        bare = pipe.vae.encode(source * (areas < 0.5)).latent_dist.mode() * pipe.vae.config.scaling_factor
    near = F.interpolate(areas, size=latents.shape[-2:])
    return torch.cat([noisy, near, bare.to(noisy.dtype)], 1)


def train_inpainting(
    pipe: StableDiffusionInpaintPipeline,
    latents: list[Tensor],
    pools: list[Pairs],
    *,
    steps: int,
    seed: int,
    rate: float,
    on_save: Callable[[], None],
) -> None:
    """Stage F. `latents` are each pool's pictures, scaled."""
    if steps == 0:
        return
    tokens = [token_ids(pipe.tokenizer, pairs.texts).to(DEVICE) for pairs in pools]
    time = torch.full((LATENT_BATCH,), TIMESTEP, device=DEVICE)

    def loss_of(random: np.random.Generator) -> Tensor:
        which = pick_pool(random, len(pools))
        pairs = pools[which]
        rows = pairs.sample(random, LATENT_BATCH)
        pixels = [pixels_of(pairs, side[rows]) for side in (pairs.source, pairs.target)]
        areas = areas_for(random, *pixels)
        source, target = (
            latents[which][torch.from_numpy(side[rows]).to(DEVICE)].float() for side in (pairs.source, pairs.target)
        )
        inside = F.interpolate(areas, size=source.shape[-2:])
        wanted = torch.where(inside > 0.5, target, source)
        features = pipe.text_encoder(tokens[which][torch.from_numpy(rows)].long())[0]
        given = given_to(pipe, source, pixels[0], areas)
        output = pipe.unet(given, time, encoder_hidden_states=features).sample.float()
        return balanced((output - wanted).square(), changed(source, wanted, 0.25))

    train("inpainting", [pipe.unet, pipe.text_encoder], loss_of, steps=steps, rate=rate, seed=seed, on_save=on_save)


def train_together(
    pipe: StableDiffusionInpaintPipeline,
    pools: list[Pairs],
    *,
    steps: int,
    seed: int,
    rate: float,
    on_save: Callable[[], None],
) -> None:
    """Stage G; the encoder stays as it is."""
    if steps == 0:
        return
    tokens = [token_ids(pipe.tokenizer, pairs.texts).to(DEVICE) for pairs in pools]
    scale = pipe.vae.config.scaling_factor
    time = torch.full((PIXEL_BATCH,), TIMESTEP, device=DEVICE)

    def loss_of(random: np.random.Generator) -> Tensor:
        which = pick_pool(random, len(pools))
        pairs = pools[which]
        rows = pairs.sample(random, PIXEL_BATCH)
        source, target = (pixels_of(pairs, side[rows]) for side in (pairs.source, pairs.target))
        areas = areas_for(random, source, target)
        wanted = torch.where(areas > 0.5, target, source)
        with torch.no_grad():
            latents = pipe.vae.encode(source).latent_dist.mode() * scale
        features = pipe.text_encoder(tokens[which][torch.from_numpy(rows)].long())[0]
        given = given_to(pipe, latents.float(), source, areas)
        output = pipe.unet(given, time, encoder_hidden_states=features).sample
        decoded = pipe.vae.decode(output / scale).sample.float()
        # Outside of the area the editor keeps the picture's own pixels.
        errors = (decoded - wanted).abs() * areas
        return balanced(errors, changed(source, wanted, 0.06))

    modules: list[nn.Module] = [pipe.unet, pipe.text_encoder, pipe.vae.decoder]
    if pipe.vae.post_quant_conv is not None:
        modules.append(pipe.vae.post_quant_conv)
    train("together", modules, loss_of, steps=steps, rate=rate, seed=seed, on_save=on_save)


def train_all(pipe: StableDiffusionInpaintPipeline, at: Start) -> None:
    """Every stage in turn, saved after each and every 1,000 steps."""
    say_size(pipe, at.pools)

    def save() -> None:
        save_half(pipe, pipeline_of, at.out, editing=EDITING)

    train_decoder(pipe.vae, at.pools, steps=at.steps[0], seed=at.seed + 7, rate=2 * at.rate)
    save()
    latents = at.latents() if at.steps[1] else []
    train_inpainting(pipe, latents, at.pools, steps=at.steps[1], seed=at.seed + 8, rate=at.rate, on_save=save)
    train_together(pipe, at.pools, steps=at.steps[2], seed=at.seed + 9, rate=at.rate / 2, on_save=save)


def main() -> None:
    """The command line; see the module's docstring."""
    at = start("scenes-inpaint", {"D": 1000, "F": 4000, "G": 1500}, "stage F; D takes twice, G half of it")
    if at.resume:
        pipe = StableDiffusionInpaintPipeline.from_pretrained(at.resume, dtype=torch.float32, safety_checker=None)
        pipe.unet.set_attn_processor(AttnProcessor())
    else:
        pipe = from_turbo(at.turbo)
        pipe.vae = at.kept(pipe.vae)
    pipe.to(DEVICE)
    train_all(pipe, at)


if __name__ == "__main__":
    main()
