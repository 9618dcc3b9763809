"""Train scenes-ip2p, an InstructPix2Pix, from scenes-turbo's weights, or go on from the weights that are there.

    python -m smile_core.scenes.training.ip2p --start TURBO --out FOLDER [--resume FOLDER | --decoder FOLDER]

Two stages, each seeded:
D. A decoder without skip connections learns to draw pictures from turbo's latents; the encoder stays.
E. The UNet gets four more input channels for noise and learns to denoise the edited picture's latents
   beside the source's. At full noise that is turbo's own task, so it starts from turbo's UNet.
   Text and picture are left out at times, for guidance by both (Brooks et al., arXiv 2211.09800).
The noise runs to zero signal, and the UNet predicts the clean latents, so that few steps do.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn

from smile_core.editors.img2img_turbo_pipeline import Img2ImgTurboPipeline
from smile_core.scenes.training.batches import LATENT_BATCH, LATENT_NOISE, PIXEL_BATCH, WORST, pick_pool
from smile_core.scenes.training.loop import DEVICE, balanced, changed, hardest, train
from smile_core.scenes.training.pairs import Pairs
from smile_core.scenes.training.parts import LATENT_CHANNELS, new_unet, pixels_of, token_ids
from smile_core.scenes.training.saving import save_half, say_size
from smile_core.scenes.training.starting import Start, start

DROPPED = 0.06
"""How often the text, the picture, or both are left out of a row."""
EDITING = {"steps": 3, "guidance": 1.2, "image_guidance": 1.2}
"""What the editor uses unless told otherwise; saved beside the weights."""


def from_turbo(turbo: Img2ImgTurboPipeline) -> StableDiffusionInstructPix2PixPipeline:
    """Turbo's parts as an InstructPix2Pix: no skip connections, four more input channels that begin at zero."""
    config = {k: v for k, v in turbo.vae.config.items() if not k.startswith("_")}
    vae = AutoencoderKL(**config)
    vae.load_state_dict({k: v for k, v in turbo.vae.state_dict().items() if "skip_conv" not in k})
    unet = new_unet(2 * LATENT_CHANNELS)
    weights = turbo.unet.state_dict()
    # The pipeline gives the picture's latents unscaled, turbo's UNet knew them scaled.
    seen = weights["conv_in.weight"] * turbo.vae.config.scaling_factor
    weights["conv_in.weight"] = torch.cat([torch.zeros_like(seen), seen], 1)
    unet.load_state_dict(weights)
    scheduler = DDIMScheduler(
        beta_schedule="scaled_linear",
        prediction_type="sample",
        clip_sample=False,
        set_alpha_to_one=True,
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )
    return pipeline_of(vae, turbo.text_encoder, turbo.tokenizer, unet, scheduler)


def pipeline_of(
    vae: AutoencoderKL, text_encoder: nn.Module, tokenizer: object, unet: UNet2DConditionModel, scheduler: DDIMScheduler
) -> StableDiffusionInstructPix2PixPipeline:
    """diffusers' pipeline without a safety checker: cartoons need none."""
    return StableDiffusionInstructPix2PixPipeline(
        vae, text_encoder, tokenizer, unet, scheduler, None, None, requires_safety_checker=False
    )


def train_decoder(vae: AutoencoderKL, pools: list[Pairs], *, steps: int, seed: int, rate: float) -> None:
    """Stage D. Places that some edit changes weigh as much as the rest, as in turbo's stage A."""

    def loss_of(random: np.random.Generator) -> Tensor:
        pairs = pools[pick_pool(random, len(pools))]
        rows = random.integers(len(pairs.source), size=PIXEL_BATCH)
        source, target = pixels_of(pairs, pairs.source[rows]), pixels_of(pairs, pairs.target[rows])
        with torch.no_grad():
            latents = vae.encode(target).latent_dist.mode()
        decoded = vae.decode(latents + 0.5 * LATENT_NOISE * torch.randn_like(latents)).sample.float()
        return balanced((decoded - target).abs(), changed(source, target, 0.06))

    modules: list[nn.Module] = [vae.decoder, *([vae.post_quant_conv] if vae.post_quant_conv is not None else [])]
    train("decoder", modules, loss_of, steps=steps, rate=rate, seed=seed)


def train_denoising(
    pipe: StableDiffusionInstructPix2PixPipeline,
    latents: list[Tensor],
    pools: list[Pairs],
    *,
    steps: int,
    seed: int,
    rate: float,
    on_save: Callable[[], None],
) -> None:
    """Stage E. `latents` are each pool's pictures, scaled."""
    if steps == 0:
        return
    tokens = [token_ids(pipe.tokenizer, pairs.texts).to(DEVICE) for pairs in pools]
    no_text = token_ids(pipe.tokenizer, [""]).to(DEVICE)
    alphas = pipe.scheduler.alphas_cumprod.to(DEVICE)
    scale = pipe.vae.config.scaling_factor

    def loss_of(random: np.random.Generator) -> Tensor:
        which = pick_pool(random, len(pools))
        pairs = pools[which]
        rows = pairs.sample(random, LATENT_BATCH)
        source, target = (
            latents[which][torch.from_numpy(side[rows]).to(DEVICE)].float() for side in (pairs.source, pairs.target)
        )
        ids = tokens[which][torch.from_numpy(rows)]
        chance = torch.from_numpy(random.random(LATENT_BATCH)).to(DEVICE)
        ids = torch.where((chance < 2 * DROPPED)[:, None], no_text, ids)
        seen = source * ((chance < DROPPED) | (chance > 2 * DROPPED))[:, None, None, None]
        seen = seen * (chance < 1 - DROPPED)[:, None, None, None]
        # Without text nothing is to change; without the picture any edit of it is as good as another.
        target = torch.where((chance < 2 * DROPPED)[:, None, None, None], source, target)
        # The first steps decide what changes; the last ones only sharpen.
        when = torch.from_numpy((999 * np.sqrt(random.random(LATENT_BATCH))).round().astype(np.int64)).to(DEVICE)
        signal = alphas[when][:, None, None, None]
        noisy = signal.sqrt() * target + (1 - signal).sqrt() * torch.randn_like(target)
        features = pipe.text_encoder(ids.long())[0]
        given = torch.cat([noisy, seen / scale], 1)
        output = pipe.unet(given, when, encoder_hidden_states=features).sample.float()
        errors = (output - target).square()
        return balanced(errors, changed(source, target, 0.25)) + WORST * hardest(errors)

    modules = [pipe.unet, pipe.text_encoder]
    train("denoising", modules, loss_of, steps=steps, rate=rate, seed=seed, on_save=on_save)


def train_all(pipe: StableDiffusionInstructPix2PixPipeline, at: Start) -> None:
    """Both stages, saved after each and every 1,000 steps."""
    say_size(pipe, at.pools)

    def save() -> None:
        save_half(pipe, pipeline_of, at.out, editing=EDITING)

    train_decoder(pipe.vae, at.pools, steps=at.steps[0], seed=at.seed + 5, rate=2 * at.rate)
    save()
    latents = at.latents() if at.steps[1] else []
    train_denoising(pipe, latents, at.pools, steps=at.steps[1], seed=at.seed + 6, rate=at.rate, on_save=save)


def main() -> None:
    """The command line; see the module's docstring."""
    at = start("scenes-ip2p", {"D": 1500, "E": 6000}, "stage E; D takes twice that")
    if at.resume:
        pipe = StableDiffusionInstructPix2PixPipeline.from_pretrained(at.resume, dtype=torch.float32)
        pipe.unet.set_attn_processor(AttnProcessor())
    else:
        pipe = from_turbo(at.turbo)
        pipe.vae = at.kept(pipe.vae)
    pipe.to(DEVICE)
    train_all(pipe, at)


if __name__ == "__main__":
    main()
