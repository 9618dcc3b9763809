"""An area from a segmentation model: a tiny one whose answer is known, because its weights are set by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny_models
import torch
from PIL import Image
from transformers import SegformerConfig, SegformerForSemanticSegmentation, SegformerImageProcessorPil

from smile_core import Explainer
from smile_core.editors.segmentation import segment
from smile_core.errors import EditorError
from smile_core.picture import load_picture

LABELS = {0: "background", 1: "sky", 2: "road"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SegFormer that says "sky" everywhere, whatever it sees: only its last bias is not zero."""
    made = tmp_path_factory.mktemp("models") / "segformer"
    torch.manual_seed(0)
    config = SegformerConfig(
        depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 8, 8], num_attention_heads=[1, 1, 1, 1], decoder_hidden_size=8,
        id2label=LABELS, label2id={name: number for number, name in LABELS.items()},
    )  # fmt: skip
    model = SegformerForSemanticSegmentation(config)
    torch.nn.init.zeros_(model.decode_head.classifier.weight)
    with torch.no_grad():
        model.decode_head.classifier.bias.copy_(torch.tensor([0.0, 1.0, 0.0]))
    model.save_pretrained(made, safe_serialization=True)
    (made / "preprocessor_config.json").write_text(json.dumps({"size": {"height": 64, "width": 64}}))
    return made


def test_the_area_of_a_label(folder: Path) -> None:
    picture = load_picture(np.zeros((50, 30, 3), np.uint8))
    for source in (f"segment:{folder}", f"segment:{folder}#sky", f"segment:{folder}#Sky", f"segment:{folder}#1"):
        area = segment(source, picture)
        assert area.mask.shape == (50, 30)
        assert area.mask.all()


def test_the_area_lies_where_transformers_own_processor_says(folder: Path, tmp_path: Path) -> None:
    """With weights that see; the processor resizes, normalises and brings the classes back to the picture's size."""
    seeing = shutil.copytree(folder, tmp_path / "seeing")
    model = SegformerForSemanticSegmentation.from_pretrained(seeing)
    torch.manual_seed(1)
    torch.nn.init.normal_(model.decode_head.classifier.weight)
    torch.nn.init.zeros_(model.decode_head.classifier.bias)
    model.save_pretrained(seeing, safe_serialization=True)
    # Unlike above and below, and left and right.
    image = np.zeros((50, 30, 3), np.uint8)
    image[:20, :, 2], image[20:, :12, 0], image[35:, :, 1] = 255, 200, 180
    processor = SegformerImageProcessorPil.from_pretrained(seeing)
    with torch.no_grad():
        outputs = model.eval()(**processor(Image.fromarray(image), return_tensors="pt"))
    (classes,) = processor.post_process_semantic_segmentation(outputs, target_sizes=[(50, 30)])
    found = [name for number, name in LABELS.items() if (classes == number).any()]
    assert len(found) >= 2, "one class everywhere, so this test could not fail"
    for name in found:
        area = segment(f"segment:{seeing}#{name}", load_picture(image))
        expected = (classes == next(number for number, label in LABELS.items() if label == name)).numpy()
        assert (area.mask != expected).mean() <= 0.01


def test_a_whole_explanation_inside_a_segmentation(folder: Path, tmp_path: Path) -> None:
    inpainting = tiny_models.build_inpainting(tmp_path / "inpainting")
    explanation = Explainer(inpainting).explain("red", np.zeros((32, 32, 3), np.uint8), area=f"segment:{folder}#sky")
    assert explanation.setting.details["area"] == "segment:segformer#sky"


@pytest.mark.parametrize(
    ("label", "message"),
    [("#road", "finds no road in the picture, only sky"), ("#cat", "knows no 'cat'; it knows background, sky, road")],
)
def test_what_is_not_found(folder: Path, label: str, message: str) -> None:
    with pytest.raises(EditorError, match=message):
        segment(f"segment:{folder}{label}", load_picture(np.zeros((50, 30, 3), np.uint8)))


def test_what_is_no_model(folder: Path, tmp_path: Path) -> None:
    picture = load_picture(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(EditorError, match=r"has no config\.json"):
        segment(f"segment:{tmp_path}", picture)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(EditorError, match="pickled weights can run code"):
        segment(f"segment:{tmp_path}", picture)
