"""Where a denoiser's time goes, on a network whose operations can be counted by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bench.denoiser_time import Spent, as_text, breakdown, kind_of, operations


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("aten::_scaled_dot_product_flash_attention", "attention"),
        ("fmha_cutlassF_bf16_aligned_64x128_rf_sm80", "attention"),
        ("void flash_fwd_kernel<Flash_fwd_kernel_traits<64>>", "attention"),
        ("aten::mkldnn_convolution", "convolution"),
        ("sm90_xmma_fprop_implicit_gemm_bf16bf16_bf16f32", "convolution"),
        ("aten::addmm", "matrix product"),
        ("aten::mm", "matrix product"),
        ("nvjet_tst_128x256_64x4_1x2_h_bz_coopA_TNT", "matrix product"),
        ("aten::native_group_norm", "normalisation"),
        ("Memcpy DtoD (Device -> Device)", "copies"),
        ("aten::copy_", "copies"),
        ("triton_poi_fused_silu_0", "elementwise and others"),
        ("aten::mul", "elementwise and others"),
    ],
)
def test_names_in_profiles(name: str, kind: str) -> None:
    assert kind_of(name) == kind


class Net(nn.Module):
    """A convolution, a product and attention of known sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.linear = nn.Conv2d(3, 8, 1, bias=False), nn.Linear(8, 8, bias=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(2, 3, 16, 16) to (2, 1, 256, 8)."""
        rows = self.linear(self.conv(pixels).flatten(2).transpose(1, 2))[:, None]
        return nn.functional.scaled_dot_product_attention(rows, rows, rows)


@torch.no_grad()
def test_operations_are_counted_by_kind() -> None:
    net, pixels = Net(), torch.randn(2, 3, 16, 16)
    places = 2 * 16 * 16
    assert operations(lambda: net(pixels)) == {
        "convolution": 2 * places * 3 * 8,
        "matrix product": 2 * places * 8 * 8,
        # Queries by keys, and what they weigh by values.
        "attention": 2 * 2 * 2 * 256 * 256 * 8,
    }


@torch.no_grad()
def test_all_of_the_time_is_somebodys() -> None:
    net, pixels = Net(), torch.randn(2, 3, 16, 16)
    rows = breakdown(lambda: net(pixels), peak=1e12)
    assert sum(row.of_time for row in rows) == pytest.approx(1)
    assert sum(row.of_operations for row in rows) == pytest.approx(1)
    assert {"attention", "convolution", "launching and waiting"} <= {row.kind for row in rows}
    assert all(0 <= row.of_time <= 1 and row.of_peak >= 0 for row in rows)
    assert [row.of_time for row in rows] == sorted((row.of_time for row in rows), reverse=True)
    with_half, with_whole = (
        {row.kind: row.of_peak for row in breakdown(lambda: net(pixels), peak=peak)} for peak in (1e6, 1e12)
    )
    assert with_half["attention"] > with_whole["attention"]


def test_a_table_for_people() -> None:
    rows = [Spent("convolution", 0.6, 0.9, 0.4), Spent("launching and waiting", 0.4, 0.0, 0.0)]
    assert as_text("pix2pix", 0.3, rows).splitlines() == [
        "pix2pix: 30.0% of the measured bf16 peak in the denoiser; of its time",
        "   60.0%  convolution,  90.0% of the operations at  40.0% of the peak",
        "   40.0%  launching and waiting",
    ]
