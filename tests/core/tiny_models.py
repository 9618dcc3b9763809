"""Tiny randomly initialised pipelines, built from configs with tokenizers of our own: no hub, no downloads."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from transformers import CLIPTextConfig, CLIPTextModel
from transformers.convert_slow_tokenizer import bytes_to_unicode

from smile_core.scenes.training.tokenizer import LENGTH, build_tokenizer

_TRANSFORMER: dict[str, Any] = {
    "in_channels": 16,
    "attention_head_dim": 16,
    "num_attention_heads": 2,
    "joint_attention_dim": 32,
}


def build_instruct_pix2pix(folder: Path) -> Path:
    """An InstructPix2Pix folder of a few hundred kB that edits 32 x 32 pictures at random but repeatably."""
    return _stable_diffusion(folder, diffusers.StableDiffusionInstructPix2PixPipeline, channels=8)


def build_image_to_image(folder: Path) -> Path:
    """Stable Diffusion 1.x, as its text-to-image folders are."""
    return _stable_diffusion(folder, diffusers.StableDiffusionPipeline, channels=4)


def build_inpainting(folder: Path, *, channels: int = 9) -> Path:
    """Stable Diffusion 1.x for inpainting, whose UNet knows the area (9 channels) or not (4)."""
    return _stable_diffusion(folder, diffusers.StableDiffusionInpaintPipeline, channels=channels)


def build_inpainting_2(folder: Path) -> Path:
    """Stable Diffusion 2 for inpainting: linear projections, heads by level, velocity instead of noise."""
    scheduler = diffusers.DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    return _stable_diffusion(
        folder,
        diffusers.StableDiffusionInpaintPipeline,
        channels=9,
        scheduler=scheduler,
        use_linear_projection=True,
        attention_head_dim=(2, 4),
    )


def build_latent_consistency(folder: Path) -> Path:
    """Stable Diffusion distilled to a consistency model; our code has no module for it."""
    return _stable_diffusion(
        folder,
        diffusers.LatentConsistencyModelImg2ImgPipeline,
        channels=4,
        scheduler=diffusers.LCMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
        time_cond_proj_dim=16,
    )


def build_instruct_pix2pix_xl(folder: Path) -> Path:
    """InstructPix2Pix on Stable Diffusion XL: two text encoders, sizes as conditions."""
    return _stable_diffusion_xl(folder, diffusers.StableDiffusionXLInstructPix2PixPipeline, channels=8)


def build_image_to_image_xl(folder: Path) -> Path:
    """Stable Diffusion XL."""
    return _stable_diffusion_xl(folder, diffusers.StableDiffusionXLPipeline, channels=4)


def build_inpainting_xl(folder: Path) -> Path:
    """Stable Diffusion XL for inpainting."""
    return _stable_diffusion_xl(folder, diffusers.StableDiffusionXLInpaintPipeline, channels=9)


def build_flux_kontext(folder: Path) -> Path:
    """FLUX.1 Kontext with pictures of 32 x 32."""
    made = _flux(folder, diffusers.FluxKontextPipeline)
    (folder / "editing.json").write_text('{"side": 32, "steps": 3}')
    return made


def build_flux_image_to_image(folder: Path) -> Path:
    """FLUX image-to-image; our code has no module for it."""
    made = _flux(folder, diffusers.FluxImg2ImgPipeline)
    (folder / "editing.json").write_text('{"side": 32, "steps": 4}')
    return made


def build_flux_inpainting(folder: Path) -> Path:
    """FLUX inside an area; our code has no module for it either."""
    made = _flux(folder, diffusers.FluxInpaintPipeline)
    (folder / "editing.json").write_text('{"side": 32, "steps": 4}')
    return made


def _clip(tokenizer: Any, kind: type[Any] = CLIPTextModel, **fields: Any) -> Any:
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        **fields,
    )
    return kind(config).eval()


def _vae(channels: int = 4, **fields: Any) -> Any:
    return diffusers.AutoencoderKL(
        block_out_channels=(16, 32),
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        latent_channels=channels,
        norm_num_groups=8,
        sample_size=32,
        **fields,
    ).eval()


def _unet(channels: int, **fields: Any) -> Any:
    plain: dict[str, Any] = {
        "sample_size": 16,
        "in_channels": channels,
        "out_channels": 4,
        "block_out_channels": (16, 32),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": 32,
        "attention_head_dim": 2,
        "norm_num_groups": 8,
    }
    return diffusers.UNet2DConditionModel(**{**plain, **fields}).eval()


def _ancestral() -> Any:
    return diffusers.EulerAncestralDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="epsilon", steps_offset=1
    )


def _stable_diffusion(folder: Path, kind: type[Any], *, channels: int, scheduler: Any = None, **unet: Any) -> Path:
    torch.manual_seed(0)
    tokenizer = build_tokenizer(folder / "tokenizer")
    pipeline = kind(
        vae=_vae(),
        text_encoder=_clip(tokenizer),
        tokenizer=tokenizer,
        unet=_unet(channels, **unet),
        scheduler=scheduler or _ancestral(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def _stable_diffusion_xl(folder: Path, kind: type[Any], *, channels: int) -> Path:
    torch.manual_seed(0)
    tokenizer = build_tokenizer(folder / "tokenizer")
    pipeline = kind(
        vae=_vae(),
        text_encoder=_clip(tokenizer, hidden_act="gelu", projection_dim=32),
        text_encoder_2=_clip(tokenizer, transformers.CLIPTextModelWithProjection, hidden_act="gelu", projection_dim=32),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=_unet(
            channels,
            attention_head_dim=(2, 4),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            # Six sizes, or five with the aesthetic score, and the pooled text.
            projection_class_embeddings_input_dim=6 * 8 + 32,
            cross_attention_dim=64,
            transformer_layers_per_block=(1, 1),
        ),
        scheduler=_ancestral(),
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def _flux(folder: Path, kind: type[Any]) -> Path:
    torch.manual_seed(0)
    tokenizer = build_tokenizer(folder / "tokenizer")
    t5 = transformers.T5Config(
        vocab_size=len(tokenizer), d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4, pad_token_id=1
    )
    pipeline = kind(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=_vae(shift_factor=0.06, scaling_factor=1.5, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=_clip(tokenizer, projection_dim=32),
        tokenizer=tokenizer,
        text_encoder_2=transformers.T5EncoderModel(t5).eval(),
        tokenizer_2=tokenizer,
        transformer=diffusers.FluxTransformer2DModel(
            **_TRANSFORMER,
            patch_size=1,
            num_layers=1,
            num_single_layers=1,
            pooled_projection_dim=32,
            axes_dims_rope=(4, 4, 8),
            guidance_embeds=True,
        ).eval(),
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


class PictureAndText:
    """What transformers' Qwen2VLProcessor does for us, without its part for films, which wants torchvision."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._pictures = transformers.Qwen2VLImageProcessorPil(
            patch_size=14, merge_size=2, min_pixels=28**2, max_pixels=56**2
        )

    def __call__(self, *, text: list[str], images: list[Any], padding: bool, return_tensors: str) -> Any:
        """Token ids in which each picture takes as many places as it has patches, and the patches."""
        pictures = self._pictures(images=images, return_tensors=return_tensors)
        places = [int(grid.prod()) // 4 for grid in pictures["image_grid_thw"]]
        whole = [one.replace("<|image_pad|>", "<|image_pad|>" * places[0]) for one in text]
        tokens = self._tokenizer(whole, padding=padding, return_tensors=return_tensors)
        return transformers.BatchFeature({**tokens, **pictures})


def build_qwen_image_edit(folder: Path) -> Path:
    """Qwen-Image-Edit-Plus with pictures of 32 x 32 and a small language model, its processor left out (see above)."""
    torch.manual_seed(0)
    specials = ["<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    letters = sorted(bytes_to_unicode().values())
    vocabulary = {token: i for i, token in enumerate(["<|endoftext|>", *specials, *letters])}
    tokenizer = transformers.Qwen2Tokenizer(vocab=vocabulary, merges=[], additional_special_tokens=specials)
    language = transformers.Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(vocabulary),
            "hidden_size": 32,
            "intermediate_size": 37,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "rope_parameters": {"mrope_section": [2, 3, 3], "rope_type": "default", "rope_theta": 1e6},
            "bos_token_id": 0,
            "eos_token_id": 0,
        },
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 37,
            "num_heads": 2,
            "out_hidden_size": 32,
            "fullatt_block_indexes": [1],
        },
        vision_start_token_id=vocabulary["<|vision_start|>"],
        vision_end_token_id=vocabulary["<|vision_end|>"],
        image_token_id=vocabulary["<|image_pad|>"],
        video_token_id=vocabulary["<|video_pad|>"],
    )
    pipeline = diffusers.QwenImageEditPlusPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=diffusers.AutoencoderKLQwenImage(
            base_dim=8,
            z_dim=4,
            dim_mult=[1, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[False, False],
            latents_mean=[0.0] * 4,
            latents_std=[1.0] * 4,
        ).eval(),
        text_encoder=transformers.Qwen2_5_VLForConditionalGeneration(language).eval(),
        tokenizer=tokenizer,
        processor=tokenizer,
        transformer=diffusers.QwenImageTransformer2DModel(
            **_TRANSFORMER,
            patch_size=2,
            out_channels=4,
            num_layers=2,
            axes_dims_rope=(4, 6, 6),
        ).eval(),
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    (folder / "editing.json").write_text('{"side": 32, "steps": 2}')
    return folder


def build_img2img_turbo(folder: Path) -> Path:
    """Img2Img-Turbo with random skips, so that what it paints depends on the picture."""
    from smile_core.editors.img2img_turbo_pipeline import Img2ImgTurboPipeline, SkipAutoencoderKL

    torch.manual_seed(0)
    tokenizer = build_tokenizer(folder / "tokenizer")
    config = {k: v for k, v in dict(_vae().config).items() if not k.startswith("_")}
    known = inspect.signature(SkipAutoencoderKL.__init__).parameters
    pipeline = Img2ImgTurboPipeline(
        vae=SkipAutoencoderKL(**{name: value for name, value in config.items() if name in known}).eval(),
        text_encoder=_clip(tokenizer),
        tokenizer=tokenizer,
        unet=_unet(4),
        scheduler=diffusers.DDPMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="trailing"
        ),
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def calls_of(denoiser: Any) -> list[tuple[torch.Tensor, int]]:
    """A list that will hold what a denoiser is given, and at which step, call by call."""
    seen: list[tuple[torch.Tensor, int]] = []
    forward = denoiser.forward

    def caught(sample: torch.Tensor, time: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        seen.append((sample, int(time)))
        return forward(sample, time, *args, **kwargs)

    denoiser.forward = caught
    return seen
