"""Drafts that leave work out: against diffusers' own pipelines made to leave out the same, and never unasked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from families import FAMILIES, area_of, edit, gap
from PIL import Image

from smile_core.editors.shortcuts import DeepFeatures
from smile_core.errors import Cancelled, EditorError

PROMPTS = ["make the car red", "", "car red", "make it snow tonight"]
STEPS = 6
LOUD = 60
"""Guidance with which random weights hear the text, so that a change of it can be seen."""
UNETS = [
    "InstructPix2Pix",
    "InstructPix2Pix XL",
    "image-to-image",
    "image-to-image XL",
    "inpainting",
    "inpainting with 4 channels",
    "inpainting 2",
    "inpainting XL",
]
TRANSFORMERS = ["FLUX.1 Kontext", "Qwen-Image-Edit"]
Open = Callable[..., Any]


def _plain(editor: Any, image: np.ndarray, prompt: str, change: Callable[[Any], dict[str, Any]]) -> np.ndarray:
    """One edit by diffusers alone, its pipeline changed first; `change` gives further arguments of the call."""
    pipeline = editor._pipeline_class().from_pretrained(editor._folder)
    pipeline.set_progress_bar_config(disable=True)
    inside = area_of(image)
    area = Image.fromarray(inside) if "inpainting" in editor.family else None
    arguments = {**editor._call(Image.fromarray(image), area, [prompt]), "prompt": prompt, **change(pipeline)}
    made = pipeline(**arguments, generator=torch.Generator("cpu").manual_seed(3), output_type="np").images[0]
    picture = (made * 255).round().astype(np.uint8)
    return picture if area is None else np.where(inside[..., None], picture, image)


def _without_guidance_from(step: int, names: tuple[str, ...], branches: int, text: int) -> Callable[..., Any]:
    """Diffusers' own recipe, "dynamic classifier-free guidance": from a step on, one branch and no scale."""

    def after(pipeline: Any, number: int, _: Any, given: dict[str, Any]) -> dict[str, Any]:
        if number + 1 != step:
            return given
        pipeline._guidance_scale = 1.0
        return {name: value.chunk(branches)[text] for name, value in given.items()}

    return lambda _: {"callback_on_step_end": after, "callback_on_step_end_tensor_inputs": list(names)}


@pytest.mark.parametrize(
    ("family", "names", "branches", "text", "steps"),
    [
        ("InstructPix2Pix", ("prompt_embeds", "image_latents"), 3, 0, STEPS),
        ("image-to-image", ("prompt_embeds",), 2, 1, int(STEPS * 0.75)),
        ("inpainting", ("prompt_embeds", "mask", "masked_image_latents"), 2, 1, STEPS),
        ("image-to-image XL", ("prompt_embeds", "add_text_embeds", "add_time_ids"), 2, 1, int(STEPS * 0.75)),
    ],
)
def test_guidance_is_cut_off_as_diffusers_cuts_it(
    family: str, names: tuple[str, ...], branches: int, text: int, steps: int, open_family: Open, image: np.ndarray
) -> None:
    editor = open_family(family, steps=STEPS, guidance=LOUD, guided=0.2)
    ours = edit(editor, image, PROMPTS)
    change = _without_guidance_from(round(steps * 0.2), names, branches, text)
    for prompt, picture in zip(PROMPTS, ours, strict=True):
        assert gap(_plain(editor, image, prompt, change), picture) <= 2
    exact = edit(open_family(family, steps=STEPS, guidance=LOUD), image, PROMPTS[:1])[0]
    assert gap(exact, ours[0]) > 2, "the cut changes nothing, so this test could not fail"


def _with_old_features(pipeline: Any, every: int) -> dict[str, Any]:
    """Everything is computed, and what enters the UNet's last block is replaced by an earlier step's."""
    kept: list[Any] = []
    calls = iter(range(1000))

    def before(_: Any, args: Any, given: dict[str, Any]) -> Any:
        if next(calls) % every == 0:
            kept[:] = [given["hidden_states"]]
        return args, {**given, "hidden_states": kept[0]}

    pipeline.unet.up_blocks[-1].register_forward_pre_hook(before, with_kwargs=True)
    return {}


@pytest.mark.parametrize("family", UNETS)
def test_deep_features_are_those_of_an_earlier_step(family: str, open_family: Open, image: np.ndarray) -> None:
    editor = open_family(family, steps=STEPS, guidance=LOUD, reuse=3)
    ours = edit(editor, image, PROMPTS)
    for prompt, picture in zip(PROMPTS[:2], ours, strict=False):
        assert gap(_plain(editor, image, prompt, lambda pipeline: _with_old_features(pipeline, 3)), picture) <= 2
    exact = edit(open_family(family, steps=STEPS, guidance=LOUD), image, PROMPTS[:1])[0]
    assert gap(exact, ours[0]) > 2, "reuse changes nothing, so this test could not fail"


@pytest.mark.parametrize("family", TRANSFORMERS)
def test_a_transformer_reuses_what_its_attention_gave(family: str, open_family: Open, image: np.ndarray) -> None:
    """Against one prompt a call with each attention's result replaced from outside."""
    settings = {"steps": 5, "reuse": 2} | ({"guidance": 40} if family == "Qwen-Image-Edit" else {})
    editor, exact = open_family(family, **settings), open_family(family, **{**settings, "reuse": 1})
    for one in (editor, exact):
        _louder(one._pipeline.transformer)
    ours = edit(editor, image, PROMPTS)
    for prompt, picture in zip(PROMPTS[:2], ours, strict=False):
        pipeline = editor._pipeline_class().from_pretrained(editor._folder)
        pipeline.set_progress_bar_config(disable=True)
        pipeline.processor = getattr(editor._pipeline, "processor", None)
        _louder(pipeline.transformer)
        _reusing_attention(pipeline.transformer, 2, branches=2 if family == "Qwen-Image-Edit" else 1)
        arguments = {**editor._call(Image.fromarray(image), None, [prompt]), "prompt": prompt}
        made = pipeline(**arguments, generator=torch.Generator("cpu").manual_seed(3), output_type="np").images[0]
        assert gap((made * 255).round().astype(np.uint8), picture) <= 2
    assert gap(edit(exact, image, PROMPTS[:1])[0], ours[0]) > 2, "reuse changes nothing, so this test could not fail"


@torch.no_grad()
def _louder(transformer: Any) -> None:
    """Random attention is faint; this makes it change from step to step."""
    for name, weights in transformer.named_parameters():
        if ".attn." in name and name.endswith("weight") and "norm" not in name:
            weights *= 8


def _reusing_attention(transformer: Any, every: int, *, branches: int) -> None:
    """Every attention is computed, and its result replaced by that of an earlier step of its branch."""
    for module in transformer.modules():
        if type(module).__name__ in ("FluxAttention", "Attention", "QwenAttention"):
            calls, kept = iter(range(1000)), {}

            def after(_: Any, given: Any, made: Any, calls: Any = calls, kept: Any = kept) -> Any:
                step, branch = divmod(next(calls), branches)
                if step % every == 0:
                    kept[branch] = made
                return kept[branch]

            module.register_forward_hook(after)


@pytest.mark.parametrize("family", TRANSFORMERS)
def test_a_transformers_draft_is_the_same_in_pieces(family: str, open_family: Open, image: np.ndarray) -> None:
    settings = {"steps": 4, "reuse": 2}
    together = edit(open_family(family, **settings), image, PROMPTS)
    editor = open_family(family, **settings, most_rows=2)
    backwards = edit(editor, image, PROMPTS[::-1])[::-1]
    assert all(gap(a, b) <= 2 for a, b in zip(together, backwards, strict=True))
    again = edit(editor, image, PROMPTS[::-1])[::-1]
    assert all(gap(a, b) == 0 for a, b in zip(again, backwards, strict=True)), "nothing is left of the last batch"


@pytest.mark.parametrize("family", UNETS)
def test_rows_and_batches_do_not_matter_to_a_draft(family: str, open_family: Open, image: np.ndarray) -> None:
    draft = {"steps": STEPS, "guided": 0.5, "reuse": 2}
    together = edit(open_family(family, **draft), image, PROMPTS)
    backwards = edit(open_family(family, **draft, most_rows=2), image, PROMPTS[::-1])[::-1]
    alone = edit(open_family(family, **draft), image, PROMPTS[2:3])[0]
    assert all(gap(a, b) <= 2 for a, b in zip(together, backwards, strict=True))
    assert gap(together[2], alone) <= 2
    assert gap(together[0], together[1]) > 2, "the text changes nothing, so this test could not fail"


def test_what_is_left_out_is_not_computed(open_family: Open, image: np.ndarray) -> None:
    """Three prompts, six steps, three branches: guidance in three steps, deep levels in the first, third and fifth."""
    editor = open_family("InstructPix2Pix", steps=STEPS, guided=0.5, reuse=2)
    pipeline, rows = editor._pipeline, {"outermost": [], "deep": []}
    for name, block in (("outermost", pipeline.unet.down_blocks[0]), ("deep", pipeline.unet.mid_block.resnets[0])):
        block.register_forward_pre_hook(
            lambda _, args, given, seen=rows[name]: seen.append(len(args[0] if args else given["hidden_states"])),
            with_kwargs=True,
        )
    edit(editor, image, PROMPTS[:3])
    assert not editor._work._shortcuts._deep._kept, "nothing is held when the batch is done"
    assert rows == {"outermost": [9, 9, 9, 3, 3, 3], "deep": [9, 9, 3]}


def test_branches_that_are_calls_of_their_own(open_family: Open, image: np.ndarray) -> None:
    draft, exact = (open_family("Qwen-Image-Edit", steps=4, **more) for more in ({"guided": 0.5}, {}))
    pictures = []
    for editor, calls in ((draft, 6), (exact, 8)):
        seen: list[int] = []
        editor._pipeline.transformer.proj_out.register_forward_hook(lambda *_, seen=seen: seen.append(1))
        pictures += edit(editor, image, PROMPTS[:1])
        assert len(seen) == calls
    assert gap(*pictures) > 2
    assert gap(pictures[0], edit(draft, image, PROMPTS[::-1])[-1]) <= 2


@pytest.mark.parametrize("family", [*UNETS, *TRANSFORMERS])
def test_a_shortcut_is_called_a_draft_and_is_another_model(family: str, open_family: Open, image: np.ndarray) -> None:
    usual = {"steps": open_family(family)._usual_steps}
    exact = open_family(family, **usual)
    assert "draft" not in exact.describe()
    assert not {"guided", "reuse"} & set(exact.describe())
    guided = {} if family == "FLUX.1 Kontext" else {"guided": 0.25}
    draft = open_family(family, **usual, **guided, reuse=3)
    said = draft.describe()["draft"]
    guidance = "guidance in the first 25% of the steps only, " if guided else ""
    assert said == f"{guidance}deep features computed once in 3 steps: another model is explained"
    assert draft.remarks(image, ["red"])[0] == f"this is a draft: {said}"
    assert draft.fingerprint != exact.fingerprint
    assert open_family(family, **usual, reuse=1, **dict.fromkeys(guided, 1.0)).fingerprint == exact.fingerprint


def test_a_folder_cannot_ask_for_a_shortcut(tmp_path: Path) -> None:
    from smile_core.editors.registry import open_editor

    folder = FAMILIES["InstructPix2Pix"](tmp_path / "model")
    (folder / "editing.json").write_text('{"steps": 4, "reuse": 3, "guided": 0.5}')
    assert not {"draft", "guided", "reuse"} & set(open_editor(folder).describe())


@pytest.mark.parametrize(
    ("family", "settings", "message"),
    [
        ("InstructPix2Pix", {"guided": 0}, "guided is the share of the steps with guidance, over 0 to 1, not 0"),
        ("InstructPix2Pix", {"guided": 1.5}, "over 0 to 1, not 1.5"),
        ("InstructPix2Pix", {"reuse": 0}, "reuse is a number of steps, 1 or more, not 0"),
        ("InstructPix2Pix", {"reuse": 2.5}, "1 or more, not 2.5"),
        ("image-to-image", {"guided": 0.5, "guidance": 0}, "has no guidance to cut off; leave out guided"),
        ("FLUX.1 Kontext", {"guided": 0.5}, "has no setting 'guided'; it knows steps, guidance, reuse, side"),
        ("Img2Img-Turbo", {"reuse": 2}, "has no setting 'reuse'"),
        ("FluxImg2Img", {"guided": 0.5}, "has no setting 'guided'"),
    ],
)
def test_shortcuts_that_are_not_there(family: str, settings: dict[str, float], message: str, open_family: Open) -> None:
    with pytest.raises(EditorError, match=message):
        open_family(family, **settings)


def test_a_network_without_deeper_levels() -> None:
    flat = diffusers.UNet2DConditionModel(
        block_out_channels=(8,),
        down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",),
        norm_num_groups=4,
        layers_per_block=1,
    )
    for network in (flat, torch.nn.Linear(1, 1)):
        with pytest.raises(EditorError, match="has no deep features to reuse"):
            DeepFeatures(network)


def test_a_draft_hears_a_request_to_stop_and_works_afterwards(open_family: Open, image: np.ndarray) -> None:
    editor = open_family("InstructPix2Pix", steps=STEPS, guided=0.5, reuse=2)
    whole = edit(editor, image, PROMPTS[:2])
    asked = iter([False, False, False, False, True])
    editor.stop_when(lambda: next(asked))
    with pytest.raises(Cancelled):
        edit(editor, image, PROMPTS[:2])
    editor.stop_when(lambda: False)
    assert all(gap(a, b) == 0 for a, b in zip(edit(editor, image, PROMPTS[:2]), whole, strict=True))
