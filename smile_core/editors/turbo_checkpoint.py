"""Convert a published Img2Img-Turbo checkpoint into a folder of safetensors, without running what it holds.

The checkpoint (arXiv 2403.12036) is a pickle of low-rank changes to SD-Turbo. It is read by torch's
restricted reader (`weights_only`), which builds tensors and plain containers and refuses everything else,
so nothing in the file is ever run. The changes are then multiplied out into SD-Turbo's weights.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from smile_core.editors.diffusers_folder import load_quietly
from smile_core.editors.registry import check_folder
from smile_core.errors import EditorError

_ALPHA = 8
"""What peft scales by when nothing is said, as the published code says nothing: alpha / rank."""


def convert_turbo(checkpoint: Path, base: Path, out: Path, *, edges: bool = True) -> Path:
    """Write an Img2Img-Turbo folder.

    Args:
        checkpoint: the published file, such as edge_to_image_loras.pkl.
        base: a diffusers folder of SD-Turbo, safetensors.
        out: a folder that is not there yet.
        edges: whether the model was trained on Canny's edges.

    Raises:
        EditorError: the file is not such a checkpoint, or does not fit the base.
    """
    from smile_core.editors.img2img_turbo_pipeline import Img2ImgTurboPipeline, SkipAutoencoderKL

    if out.exists():
        raise EditorError(f"{out} is there already; name a new folder")
    check_folder(base)
    given = read_checkpoint(checkpoint)

    def load() -> Any:
        from diffusers import DDPMScheduler, UNet2DConditionModel
        from transformers import CLIPTextModel, CLIPTokenizer

        here: dict[str, Any] = {"local_files_only": True}
        vae, loading = SkipAutoencoderKL.from_pretrained(
            # With memory for the weights that the base lacks, which the checkpoint brings.
            base,
            subfolder="vae",
            use_safetensors=True,
            output_loading_info=True,
            low_cpu_mem_usage=False,
            **here,
        )
        if any("skip_conv" not in name for name in loading["missing_keys"]):
            raise EditorError("its vae lacks weights")
        return Img2ImgTurboPipeline(
            vae=vae,
            text_encoder=CLIPTextModel.from_pretrained(base, subfolder="text_encoder", use_safetensors=True, **here),
            tokenizer=CLIPTokenizer.from_pretrained(base, subfolder="tokenizer", **here),
            unet=UNet2DConditionModel.from_pretrained(base, subfolder="unet", use_safetensors=True, **here),
            scheduler=DDPMScheduler.from_pretrained(base, subfolder="scheduler", **here),
        )

    pipeline = load_quietly(load, base)
    for part, module in (("unet", pipeline.unet), ("vae", pipeline.vae)):
        weights = merged(module.state_dict(), given[f"state_dict_{part}"], rank=int(given[f"rank_{part}"]))
        module.load_state_dict(weights)
    pipeline.save_pretrained(out, safe_serialization=True)
    advised = {"edges": int(edges), "unit_range": 1}
    (out / "editing.json").write_text(json.dumps(advised), encoding="utf-8")
    return out


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The plain content of a checkpoint: two dictionaries of tensors and two ranks.

    Raises:
        EditorError: it cannot be read, would run code, or holds something else.
    """
    try:
        given = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise EditorError(f"{path} holds more than weights and was not opened; do not use it") from error
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        raise EditorError(f"{path} cannot be read ({type(error).__name__}); download it again") from error
    parts = [given.get(f"state_dict_{part}") for part in ("unet", "vae")] if isinstance(given, dict) else [None]
    ranks = [given.get(f"rank_{part}") for part in ("unet", "vae")] if isinstance(given, dict) else [None]
    tensors = all(isinstance(p, Mapping) and all(isinstance(v, Tensor) for v in p.values()) for p in parts)
    if not tensors or not all(isinstance(rank, int) and rank > 0 for rank in ranks):
        raise EditorError(f"{path} is no Img2Img-Turbo checkpoint; it lacks the weights of unet and vae")
    return dict(given)


def merged(weights: Mapping[str, Tensor], changes: Mapping[str, Tensor], *, rank: int) -> dict[str, Tensor]:
    """A network's weights with whole and low-rank changes multiplied out.

    Args:
        weights: by name.
        changes: `NAME.weight` or `NAME.base_layer.weight` replaces; `NAME.lora_A.ADAPTER.weight` and its
            `lora_B` add (8 / rank) B A.
        rank: of the low-rank changes.

    Raises:
        EditorError: a change names or fits no weight.
    """
    result = dict(weights)
    for name, change in changes.items():
        if ".lora_" not in name:
            _put(result, name.replace(".base_layer.", "."), change)
    for name, down in changes.items():
        if ".lora_A." not in name:
            continue
        target = f"{name.split('.lora_A.')[0]}.weight"
        up = changes.get(name.replace(".lora_A.", ".lora_B."))
        if up is None or target not in result or down.shape[0] != rank:
            raise EditorError(f"the checkpoint's {name} fits nothing in the base; use the base that it was made for")
        added = (up.flatten(1).float() @ down.flatten(1).float()) * (_ALPHA / rank)
        if added.numel() != result[target].numel():
            raise EditorError(f"the checkpoint's {name} does not fit the base; use the base that it was made for")
        _put(result, target, result[target].float() + added.reshape(result[target].shape))
    return result


def _put(weights: dict[str, Tensor], name: str, value: Tensor) -> None:
    if name not in weights or weights[name].shape != value.shape:
        raise EditorError(f"the checkpoint's {name} does not fit the base; use the base that it was made for")
    weights[name] = value.to(weights[name].dtype)
