"""Our batched path against diffusers' own pipelines, called as their authors call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import tiny_models
import torch
from families import FAMILIES, area_of, edit, gap
from PIL import Image
from safetensors.torch import load_file
from torch.nn.functional import conv2d
from transformers import CLIPTextModel, CLIPTokenizer

from smile_core.editors.canny import canny

PROMPTS = ["make the car red", "", "car red", "make it snow tonight"]
EXACT = 2
"""Of 255, anywhere, in single precision."""

PLAIN: dict[str, tuple[str, dict[str, Any]]] = {
    "InstructPix2Pix": (
        "StableDiffusionInstructPix2PixPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "image_guidance_scale": 1.5},
    ),
    "InstructPix2Pix XL": (
        "StableDiffusionXLInstructPix2PixPipeline",
        {"num_inference_steps": 4, "guidance_scale": 5.0, "image_guidance_scale": 1.5, "width": 32, "height": 32},
    ),
    "image-to-image": (
        "StableDiffusionImg2ImgPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "strength": 0.75},
    ),
    "image-to-image XL": (
        "StableDiffusionXLImg2ImgPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "strength": 0.75},
    ),
    "inpainting": (
        "StableDiffusionInpaintPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "width": 32, "height": 32},
    ),
    "inpainting with 4 channels": (
        "StableDiffusionInpaintPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "width": 32, "height": 32},
    ),
    "inpainting 2": (
        "StableDiffusionInpaintPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "width": 32, "height": 32},
    ),
    "inpainting XL": (
        "StableDiffusionXLInpaintPipeline",
        {"num_inference_steps": 4, "guidance_scale": 7.5, "strength": 1.0, "width": 32, "height": 32},
    ),
    "FLUX.1 Kontext": (
        "FluxKontextPipeline",
        {
            "num_inference_steps": 3,
            "guidance_scale": 2.5,
            "width": 32,
            "height": 32,
            "max_area": 32 * 32,
            "_auto_resize": False,
        },
    ),
    "LatentConsistencyModelImg2Img": ("LatentConsistencyModelImg2ImgPipeline", {"num_inference_steps": 4}),
    "FluxImg2Img": ("FluxImg2ImgPipeline", {"num_inference_steps": 4, "width": 32, "height": 32}),
    "FluxInpaint": ("FluxInpaintPipeline", {"num_inference_steps": 4, "width": 32, "height": 32}),
    "Qwen-Image-Edit": (
        "QwenImageEditPlusPipeline",
        {"num_inference_steps": 2, "true_cfg_scale": 40, "negative_prompt": " ", "width": 32, "height": 32},
    ),
}
TURBO: dict[str, dict[str, float]] = {"Img2Img-Turbo": {}, "Img2Img-Turbo from edges": {"edges": 1, "unit_range": 1}}
"""No pipeline of diffusers' own; see `_published_turbo`."""
ALL = [*PLAIN, *TURBO]
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
HALF = 45.0
"""dB, in half precision: rows in other shapes are rounded otherwise."""


def _plain(family: str, folder: Path, image: np.ndarray, *, dtype: torch.dtype, device: str) -> list[np.ndarray]:
    """Edits without anything of ours, one prompt a call."""
    if family in TURBO:
        return [_published_turbo(folder, _seen(family, image), one, dtype=dtype, device=device) for one in PROMPTS]
    kind, settings = PLAIN[family]
    pipeline = getattr(diffusers, kind).from_pretrained(folder, dtype=dtype).to(device)
    pipeline.set_progress_bar_config(disable=True)
    picture: Any = Image.fromarray(image)
    if family == "Qwen-Image-Edit":
        pipeline.processor, picture = tiny_models.PictureAndText(pipeline.tokenizer), [picture]
    inside = area_of(image)
    mask = {"mask_image": Image.fromarray(inside)} if "npaint" in family else {}
    made = []
    for prompt in PROMPTS:
        generator = torch.Generator("cpu").manual_seed(5)
        given = pipeline(prompt=prompt, image=picture, generator=generator, output_type="np", **settings, **mask)
        edited = (given.images[0] * 255).round().astype(np.uint8)
        made.append(np.where(inside[..., None], edited, image) if mask else edited)
    return made


def _seen(family: str, image: np.ndarray) -> np.ndarray:
    """What the network is given, (3, H, W): edges as 0 and 1, or the picture from -1 to 1."""
    if TURBO[family]:
        return np.repeat(canny(image, 100, 200)[None] / 255.0, 3, axis=0)
    return image.transpose(2, 0, 1) / 127.5 - 1


@torch.no_grad()
def _published_turbo(folder: Path, seen: np.ndarray, prompt: str, *, dtype: torch.dtype, device: str) -> np.ndarray:
    """One edit by the published formulae (img2img-turbo, `pix2pix_turbo.py` and `model.py`).

    Diffusers' own autoencoder, into which the skips are hooked from outside: what enters each block of the encoder,
    through a 1x1 convolution, is added to what enters the decoder's block of the same depth. One call of the UNet at
    step 999, one step of the scheduler. Theirs draws from the autoencoder's posterior; ours takes its mode.
    """
    parts = {"torch_dtype": dtype, "local_files_only": True}
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    text_encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=dtype).to(device)
    unet = diffusers.UNet2DConditionModel.from_pretrained(folder / "unet", **parts).to(device)
    scheduler = diffusers.DDPMScheduler.from_pretrained(folder / "scheduler")
    scheduler.set_timesteps(1)
    config = json.loads((folder / "vae" / "config.json").read_text())
    vae = diffusers.AutoencoderKL.from_config(config).to(device, dtype)
    weights = load_file(folder / "vae" / "diffusion_pytorch_model.safetensors")
    skips = {name: weights.pop(name).to(device, dtype) for name in list(weights) if "skip_conv" in name}
    vae.load_state_dict(weights)
    entered: list[torch.Tensor] = []
    for block in vae.encoder.down_blocks:
        block.register_forward_pre_hook(lambda _, given: entered.append(given[0]))
    for level, block in enumerate(vae.decoder.up_blocks, start=1):

        def joined(_: Any, given: Any, level: int = level) -> Any:
            skip = conv2d(entered[-level], skips[f"decoder.skip_conv_{level}.weight"])
            return (given[0] + skip, *given[1:])

        block.register_forward_pre_hook(joined)
    tokens = tokenizer(
        prompt, max_length=tokenizer.model_max_length, padding="max_length", truncation=True, return_tensors="pt"
    )
    text = text_encoder(tokens.input_ids.to(device))[0]
    pixels = torch.from_numpy(seen)[None].to(device, dtype)
    latents = vae.encode(pixels).latent_dist.mode() * vae.config.scaling_factor
    step = torch.tensor([999], device=device)
    predicted = unet(latents, step, encoder_hidden_states=text).sample
    clean = scheduler.step(predicted, 999, latents).prev_sample.to(dtype)
    result = vae.decode(clean / vae.config.scaling_factor).sample.clamp(-1, 1)[0].float()
    return ((result + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()


def _ours(family: str, open_family: Callable[..., Any], image: np.ndarray, **settings: Any) -> list[np.ndarray]:
    editor = open_family(family.removesuffix(" from edges"), **TURBO.get(family, {}), **settings)
    return edit(editor, image, PROMPTS, seed=5)


@pytest.mark.parametrize("family", ALL)
def test_edits_are_those_of_the_plain_pipeline(
    family: str, open_family: Callable[..., Any], folder_of: Callable[[str], Path], image: np.ndarray
) -> None:
    ours = _ours(family, open_family, image, device="cpu", precision="float32")
    plain = _plain(family, folder_of(family.removesuffix(" from edges")), image, dtype=torch.float32, device="cpu")
    assert max(gap(a, b) for a, b in zip(ours, plain, strict=True)) <= EXACT
    assert gap(ours[0], ours[1]) > EXACT, "the text changes nothing, so this test could not fail"


def test_no_family_is_left_out() -> None:
    assert set(FAMILIES) == {family.removesuffix(" from edges") for family in ALL}


@pytest.mark.parametrize("family", ALL)
def test_in_half_precision_too(
    family: str, open_family: Callable[..., Any], folder_of: Callable[[str], Path], image: np.ndarray
) -> None:
    """In the half precision that the family has on a GPU; on one where there is one."""
    own = family.removesuffix(" from edges")
    half = open_family(own).half
    ours = _ours(family, open_family, image, device=DEVICE, precision=str(half).removeprefix("torch."))
    assert _decibels(ours, _plain(family, folder_of(own), image, dtype=half, device=DEVICE)) >= HALF


@pytest.mark.parametrize("family", ["InstructPix2Pix", "image-to-image XL", "Img2Img-Turbo"])
def test_a_coarser_precision_than_usual_costs_no_more_than_it_costs_the_plain_pipeline(
    family: str, open_family: Callable[..., Any], folder_of: Callable[[str], Path], image: np.ndarray
) -> None:
    """bfloat16, whose rounding one step magnifies: the plain pipeline itself is then 36 dB from its whole precision."""
    exact, coarse = (
        _plain(family, folder_of(family), image, dtype=dtype, device=DEVICE)
        for dtype in (torch.float32, torch.bfloat16)
    )
    ours = _ours(family, open_family, image, device=DEVICE, precision="bfloat16")
    assert _decibels(ours, exact) >= _decibels(coarse, exact) - 1


def _decibels(pictures: list[np.ndarray], others: list[np.ndarray]) -> float:
    errors = [np.square(a.astype(float) - b).mean() for a, b in zip(pictures, others, strict=True)]
    return float(10 * np.log10(255**2 / max(1e-9, float(np.mean(errors)))))
