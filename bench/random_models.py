"""Editing models with random weights, full-size or reduced: speed does not depend on what weights say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from smile_core.scenes.training.tokenizer import LENGTH, build_tokenizer


@dataclass(frozen=True)
class Size:
    """How large a model is.

    `widths` are the denoiser's channels by level (its width for a transformer), `layers` its transformer blocks
    by level (double and single ones for a transformer), `text` and `text_layers` of the text encoders, `vae` the
    autoencoder's channels, `side` of its pictures in pixels, `precision` of its stored weights.
    """

    widths: tuple[int, ...]
    layers: tuple[int, ...]
    text: tuple[int, ...]
    text_layers: tuple[int, ...]
    vae: tuple[int, ...]
    side: int
    precision: torch.dtype


_SD15 = Size((320, 640, 1280, 1280), (1, 1, 1, 1), (768,), (12,), (128, 256, 512, 512), 512, torch.float16)
FULL = {
    "pix2pix": _SD15,
    "inpainting": _SD15,
    "turbo": Size(
        (320, 640, 1280, 1280), (1, 1, 1, 1), (1024,), (23,), (128, 256, 512, 512), 512, torch.float16
    ),
    "sdxl": Size((320, 640, 1280), (1, 2, 10), (768, 1280), (12, 32), (128, 256, 512, 512), 1024, torch.float16),
    "kontext": Size((3072,), (19, 38), (768, 4096), (12, 24), (128, 256, 512, 512), 1024, torch.bfloat16),
}  # fmt: skip
"""As published: Stable Diffusion 1.5, SD-Turbo, XL and FLUX.1."""
_SMALL = Size((32, 64), (1, 1), (64,), (2,), (16, 32, 32), 64, torch.float32)
REDUCED = {
    "pix2pix": _SMALL,
    "inpainting": _SMALL,
    "turbo": _SMALL,
    "sdxl": Size((32, 64), (1, 1), (64, 64), (2, 2), (16, 32, 32), 64, torch.float32),
    "kontext": Size((32,), (1, 1), (64, 64), (2, 2), (16, 32, 32), 64, torch.float32),
}
"""What two CPU cores do in a second."""


def build(kind: str, folder: Path, size: Size) -> Path:
    """Write a diffusers folder of random weights.

    Args:
        kind: "pix2pix" (eight channels, three branches), "inpainting" (nine channels, two), "turbo" (one step),
            "sdxl" (image to image) or "kontext" (a transformer).
        folder: where.
        size: how large.
    """
    torch.manual_seed(0)
    tokenizer = build_tokenizer(folder / "tokenizer")
    pipeline = _BUILDERS[kind](size, tokenizer)
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            part.to(size.precision)
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def _clip(size: Size, tokenizer: Any, place: int = 0, **fields: Any) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    width = size.text[place]
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=size.text_layers[place],
        num_attention_heads=max(1, width // 64),
        max_position_embeddings=LENGTH,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        **fields,
    )
    return (CLIPTextModelWithProjection if place else CLIPTextModel)(config)


def _vae(size: Size, kind: Any = None, **fields: Any) -> Any:
    import diffusers

    return (kind or diffusers.AutoencoderKL)(
        block_out_channels=size.vae,
        down_block_types=("DownEncoderBlock2D",) * len(size.vae),
        up_block_types=("UpDecoderBlock2D",) * len(size.vae),
        layers_per_block=2,
        norm_num_groups=min(32, size.vae[0]),
        sample_size=size.side,
        **fields,
    )


def _unet(size: Size, channels: int, **fields: Any) -> Any:
    import diffusers

    levels = len(size.widths)
    plain: dict[str, Any] = {
        "sample_size": size.side // 2 ** (len(size.vae) - 1),
        "in_channels": channels,
        "out_channels": 4,
        "block_out_channels": size.widths,
        "layers_per_block": 2,
        "down_block_types": ("CrossAttnDownBlock2D",) * (levels - 1) + ("DownBlock2D",),
        "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * (levels - 1),
        "transformer_layers_per_block": size.layers,
        "cross_attention_dim": sum(size.text),
        "attention_head_dim": 8,
        "norm_num_groups": min(32, size.widths[0]),
    }
    return diffusers.UNet2DConditionModel(**{**plain, **fields})


def _ancestral() -> Any:
    import diffusers

    return diffusers.EulerAncestralDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
    )


def _stable_diffusion(name: str, channels: int) -> Callable[[Size, Any], Any]:
    def built(size: Size, tokenizer: Any) -> Any:
        import diffusers

        return getattr(diffusers, name)(
            vae=_vae(size),
            text_encoder=_clip(size, tokenizer),
            tokenizer=tokenizer,
            unet=_unet(size, channels),
            scheduler=_ancestral(),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )

    return built


def _turbo(size: Size, tokenizer: Any) -> Any:
    from diffusers import DDPMScheduler

    from smile_core.editors.img2img_turbo_pipeline import Img2ImgTurboPipeline, SkipAutoencoderKL

    heads = [max(1, width // 64) for width in size.widths]
    return Img2ImgTurboPipeline(
        vae=_vae(size, SkipAutoencoderKL),
        text_encoder=_clip(size, tokenizer),
        tokenizer=tokenizer,
        unet=_unet(size, 4, attention_head_dim=heads, use_linear_projection=True),
        scheduler=DDPMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="trailing"
        ),
    )


def _sdxl(size: Size, tokenizer: Any) -> Any:
    import diffusers

    levels = len(size.widths)
    return diffusers.StableDiffusionXLImg2ImgPipeline(
        vae=_vae(size),
        text_encoder=_clip(size, tokenizer, hidden_act="gelu"),
        text_encoder_2=_clip(size, tokenizer, 1, hidden_act="gelu", projection_dim=size.text[1]),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=_unet(
            size,
            4,
            attention_head_dim=[max(1, width // 64) for width in size.widths],
            use_linear_projection=True,
            down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * (levels - 1),
            up_block_types=("CrossAttnUpBlock2D",) * (levels - 1) + ("UpBlock2D",),
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            # Six sizes, or five with the aesthetic score, and the pooled text.
            projection_class_embeddings_input_dim=6 * 256 + size.text[1],
        ),
        scheduler=_ancestral(),
    )


def _kontext(size: Size, tokenizer: Any) -> Any:
    import diffusers
    from transformers import T5Config, T5EncoderModel

    width, per_head = size.widths[0], 128 if size.widths[0] >= 128 else 16
    t5 = T5Config(
        vocab_size=len(tokenizer),
        d_model=size.text[1],
        d_kv=64,
        d_ff=int(2.5 * size.text[1]),
        num_layers=size.text_layers[1],
        num_heads=max(1, size.text[1] // 64),
        feed_forward_proj="gated-gelu",
        pad_token_id=1,
    )
    return diffusers.FluxKontextPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=_vae(
            size, latent_channels=16, shift_factor=0.1159, scaling_factor=0.3611,
            use_quant_conv=False, use_post_quant_conv=False,
        ),
        text_encoder=_clip(size, tokenizer, projection_dim=size.text[0]),
        tokenizer=tokenizer,
        text_encoder_2=T5EncoderModel(t5),
        tokenizer_2=tokenizer,
        transformer=diffusers.FluxTransformer2DModel(
            patch_size=1,
            in_channels=64,
            num_layers=size.layers[0],
            num_single_layers=size.layers[1],
            attention_head_dim=per_head,
            num_attention_heads=width // per_head,
            joint_attention_dim=size.text[1],
            pooled_projection_dim=size.text[0],
            axes_dims_rope=(16, 56, 56) if per_head == 128 else (4, 6, 6),
            guidance_embeds=True,
        ),
    )  # fmt: skip


_BUILDERS: dict[str, Callable[[Size, Any], Any]] = {
    "pix2pix": _stable_diffusion("StableDiffusionInstructPix2PixPipeline", 8),
    "inpainting": _stable_diffusion("StableDiffusionInpaintPipeline", 9),
    "turbo": _turbo,
    "sdxl": _sdxl,
    "kontext": _kontext,
}
