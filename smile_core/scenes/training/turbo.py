"""Train scenes-turbo from nothing, or go on from the weights that are there.

    python -m smile_core.scenes.training.turbo --out FOLDER [--resume FOLDER] [--steps A B C]

Three stages, each seeded:
A. The autoencoder with its skip connections learns from pairs without text: the decoder sees the
   latents of the edited picture and the activations of the unedited one.
B. The UNet and the text encoder learn to turn source latents into target latents in one call;
   in every picture the places that change weigh as much as all the others.
C. Decoder, UNet and text encoder learn together from pixels, so that the decoder meets the UNet's own latents.
The weights saved are an exponential moving average, half precision, in diffusers' folder format.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from smile_core.editors.img2img_turbo_pipeline import TIMESTEP, Img2ImgTurboPipeline, SkipAutoencoderKL
from smile_core.scenes.training.pairs import Pairs, load_pairs, make_pairs, save_pairs
from smile_core.scenes.training.tokenizer import LENGTH, build_tokenizer

LATENT_BATCH = 32
PIXEL_BATCH = 16
LEAST_CHANGED = 1 / 64
LATENT_NOISE = 0.15
MOST_COLOURS = 28
"""More colours than any scene has, fewer than photographs have; see `editors/known_pictures.py`."""


def new_pipeline(folder: Path) -> Img2ImgTurboPipeline:
    """The architecture with random weights: 4.3 M parameters, 16x16x8 latents of a 128x128 picture."""
    tokenizer = build_tokenizer(folder / "tokenizer")
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=96,
            intermediate_size=384,
            num_hidden_layers=2,
            num_attention_heads=3,
            max_position_embeddings=LENGTH,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )
    vae = SkipAutoencoderKL(
        block_out_channels=(16, 16, 32, 64),
        layers_per_block=1,
        latent_channels=8,
        norm_num_groups=8,
        sample_size=128,
        scaling_factor=1.0,
        mid_block_add_attention=False,
    )
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=8,
        out_channels=8,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(56, 112),
        layers_per_block=1,
        cross_attention_dim=96,
        attention_head_dim=(1, 2),  # Despite its name, diffusers reads the number of heads here.
        norm_num_groups=8,
    )
    scheduler = DDPMScheduler(prediction_type="sample", clip_sample=False, timestep_spacing="trailing")
    return Img2ImgTurboPipeline(vae, text_encoder, tokenizer, unet, scheduler)


class Average:
    """An exponential moving average of modules' parameters."""

    def __init__(self, modules: Iterable[nn.Module], decay: float) -> None:
        self.live = list(modules)
        self.kept = [copy.deepcopy(module).requires_grad_(False) for module in self.live]
        self.decay, self.steps = decay, 0

    def update(self) -> None:
        """Move towards the live parameters; faster at the start."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for kept, live in zip(self.kept, self.live, strict=True):
                for a, b in zip(kept.parameters(), live.parameters(), strict=True):
                    a.lerp_(b, 1 - decay)

    def restore(self) -> None:
        """Put the average into the live modules."""
        for kept, live in zip(self.kept, self.live, strict=True):
            live.load_state_dict(kept.state_dict())


def _pixels(pairs: Pairs, indices: np.ndarray) -> Tensor:
    batch = torch.from_numpy(np.ascontiguousarray(pairs.pictures[indices]))
    return batch.permute(0, 3, 1, 2).float() / 127.5 - 1


def _changed(source: Tensor, target: Tensor) -> Tensor:
    """Where two batches of pictures differ visibly: (B, 1, H, W), 0 or 1."""
    return ((source - target).abs().amax(1, keepdim=True) > 0.06).float()


def _balanced(loss: Tensor, changed: Tensor) -> Tensor:
    """Per picture the mean loss where something should change plus the mean elsewhere, then the batch's mean.

    A small edit counts as much as a new sky. Fewer than `LEAST_CHANGED` of the picture count as that many.
    """
    loss = loss.mean(1, keepdim=True)
    count = changed.sum((1, 2, 3)).clamp(min=LEAST_CHANGED * changed[0].numel())
    moved = (loss * changed).sum((1, 2, 3)) / count
    still = (loss * (1 - changed)).sum((1, 2, 3)) / (1 - changed).sum((1, 2, 3)).clamp(min=1)
    return (moved + still).mean()


def _train(
    name: str,
    modules: list[nn.Module],
    loss_of: Callable[[np.random.Generator], Tensor],
    *,
    steps: int,
    rate: float,
    seed: int,
    on_save: Callable[[], None] = lambda: None,
) -> None:
    if steps == 0:
        return
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    parameters = [p for module in modules for p in module.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=min(0.1, 300 / steps))
    average = Average(modules, 0.999)
    started, running = time.perf_counter(), math.nan
    for step in range(1, steps + 1):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_of(random)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        average.update()
        running = loss.item() if math.isnan(running) else 0.98 * running + 0.02 * loss.item()
        if step % 100 == 0 or step == steps:
            seconds = time.perf_counter() - started
            print(f"{name} {step}/{steps} loss {running:.5f} {seconds:.0f} s", flush=True)
        if step % 1000 == 0 and step < steps:
            live = [copy.deepcopy(module.state_dict()) for module in modules]
            average.restore()
            on_save()
            for module, state in zip(modules, live, strict=True):
                module.load_state_dict(state)
    average.restore()
    on_save()


def train_autoencoder(pipe: Img2ImgTurboPipeline, pairs: Pairs, *, steps: int, seed: int, rate: float) -> None:
    """Stage A."""
    moved = np.flatnonzero(pairs.source != pairs.target)

    def loss_of(random: np.random.Generator) -> Tensor:
        rows = random.choice(moved, size=PIXEL_BATCH)
        source, target = _pixels(pairs, pairs.source[rows]), _pixels(pairs, pairs.target[rows])
        still = torch.from_numpy(random.random(PIXEL_BATCH) < 0.12)[:, None, None, None]
        target = torch.where(still, source, target)
        latents, _ = pipe.vae.encode_with_skips(target)
        with torch.no_grad():
            _, activations = pipe.vae.encode_with_skips(source)
        decoded = pipe.vae.decode_with_skips(latents + LATENT_NOISE * torch.randn_like(latents), activations).float()
        small: Tensor = 1e-3 * latents.float().square().mean()
        return _balanced((decoded - target).abs(), _changed(source, target)) + small

    _train("autoencoder", [pipe.vae], loss_of, steps=steps, rate=rate, seed=seed)
    if steps:
        with torch.no_grad():
            sample, _ = pipe.vae.encode_with_skips(_pixels(pairs, np.arange(0, len(pairs.pictures), 97)[:256]))
        pipe.vae.register_to_config(scaling_factor=round(float(1 / sample.std()), 4))


def _encode_all(pipe: Img2ImgTurboPipeline, pairs: Pairs) -> Tensor:
    parts = []
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for start in range(0, len(pairs.pictures), 64):
            rows = np.arange(start, min(start + 64, len(pairs.pictures)))
            parts.append(pipe.vae.encode_with_skips(_pixels(pairs, rows))[0].half())
    return torch.cat(parts)


def _tokens(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    return torch.tensor(
        tokenizer(texts, padding="max_length", max_length=LENGTH, truncation=True).input_ids, dtype=torch.int16
    )


def train_editing(
    pipe: Img2ImgTurboPipeline, pairs: Pairs, *, steps: int, seed: int, rate: float, on_save: Callable[[], None]
) -> None:
    """Stage B."""
    if steps == 0:
        return
    latents = _encode_all(pipe, pairs)
    tokens = _tokens(pipe.tokenizer, pairs.texts)
    scale = pipe.vae.config.scaling_factor
    print(f"encoded {len(latents)} pictures, {len(tokens)} instructions", flush=True)

    def loss_of(random: np.random.Generator) -> Tensor:
        rows = random.integers(len(tokens), size=LATENT_BATCH)
        source, target = (latents[side[rows]].float() * scale for side in (pairs.source, pairs.target))
        features = pipe.text_encoder(tokens[rows].long())[0]
        steps_ = torch.full((LATENT_BATCH,), TIMESTEP)
        output = pipe.unet(source, steps_, encoder_hidden_states=features).sample.float()
        changed = ((source - target).abs().amax(1, keepdim=True) > 0.25).float()
        return _balanced((output - target).square(), changed)

    _train("editing", [pipe.unet, pipe.text_encoder], loss_of, steps=steps, rate=rate, seed=seed, on_save=on_save)


def train_together(
    pipe: Img2ImgTurboPipeline, pairs: Pairs, *, steps: int, seed: int, rate: float, on_save: Callable[[], None]
) -> None:
    """Stage C; the encoder stays as it is."""
    if steps == 0:
        return
    tokens = _tokens(pipe.tokenizer, pairs.texts)
    scale = pipe.vae.config.scaling_factor

    def loss_of(random: np.random.Generator) -> Tensor:
        rows = random.integers(len(tokens), size=PIXEL_BATCH)
        source, target = _pixels(pairs, pairs.source[rows]), _pixels(pairs, pairs.target[rows])
        with torch.no_grad():
            latents, activations = pipe.vae.encode_with_skips(source)
            wanted, _ = pipe.vae.encode_with_skips(target)
        features = pipe.text_encoder(tokens[rows].long())[0]
        output = pipe.unet(latents * scale, torch.full((PIXEL_BATCH,), TIMESTEP), encoder_hidden_states=features).sample
        decoded = pipe.vae.decode_with_skips(output / scale, activations).float()
        changed = _changed(source, target)
        near = F.max_pool2d(changed, 8)
        return _balanced((decoded - target).abs(), changed) + 0.2 * _balanced(
            (output.float() - wanted.float() * scale).square(), near
        )

    modules: list[nn.Module] = [pipe.unet, pipe.text_encoder, pipe.vae.decoder]
    if pipe.vae.post_quant_conv is not None:
        modules.append(pipe.vae.post_quant_conv)
    _train("together", modules, loss_of, steps=steps, rate=rate, seed=seed, on_save=on_save)


def save_half(pipe: Img2ImgTurboPipeline, folder: Path) -> None:
    """Save a half-precision copy as safetensors."""
    saved = Img2ImgTurboPipeline(
        copy.deepcopy(pipe.vae).half(),
        copy.deepcopy(pipe.text_encoder).half(),
        pipe.tokenizer,
        copy.deepcopy(pipe.unet).half(),
        pipe.scheduler,
    )
    saved.save_pretrained(folder, safe_serialization=True)
    known = {"about": "cartoon scenes as `smile scene` draws them", "most_colours": MOST_COLOURS}
    (folder / "known_pictures.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """The command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Train scenes-turbo.")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--resume", type=Path, help="folder whose weights to go on from")
    parser.add_argument("--pool", type=Path, help="folder that keeps the drawn pairs")
    parser.add_argument("--scenes", type=int, default=16_000)
    parser.add_argument("--steps", type=int, nargs=3, default=(3500, 8000, 1500), metavar=("A", "B", "C"))
    parser.add_argument("--rate", type=float, default=2e-3, help="highest, of stage B; A takes 1.5, C half of it")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    pool: Path = options.pool or options.out.parent / f"{options.out.name}-pairs"
    if not (pool / "texts.txt").exists():
        save_pairs(make_pairs(options.scenes, seed=options.seed), pool)
    pairs = load_pairs(pool)
    print(f"{len(pairs.pictures)} pictures, {len(pairs.texts)} instructions", flush=True)
    if options.resume:
        pipe = Img2ImgTurboPipeline.from_pretrained(options.resume, dtype=torch.float32)
    else:
        pipe = new_pipeline(options.out)
    # Flash attention for CPUs is slower than plain matrices at these sizes, backwards above all.
    pipe.unet.set_attn_processor(AttnProcessor())
    count = sum(p.numel() for m in (pipe.vae, pipe.unet, pipe.text_encoder) for p in m.parameters())
    print(f"{count / 1e6:.2f} M parameters", flush=True)
    a, b, c = options.steps

    def save() -> None:
        save_half(pipe, options.out)

    train_autoencoder(pipe, pairs, steps=a, seed=options.seed, rate=1.5 * options.rate)
    save()
    train_editing(pipe, pairs, steps=b, seed=options.seed + 1, rate=options.rate, on_save=save)
    train_together(pipe, pairs, steps=c, seed=options.seed + 2, rate=options.rate / 2, on_save=save)


if __name__ == "__main__":
    main()
