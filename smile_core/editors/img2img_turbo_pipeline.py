"""Img2Img-Turbo as a diffusers pipeline: one UNet call, skip connections past the autoencoder.

Source: Parmar et al., "One-Step Image Translation with Text-to-Image Models", arXiv 2403.12036,
and the layout of its published code (`skip_conv_1..4` in the decoder, timestep 999, an
autoencoder whose posterior mode is used, so that the edit is deterministic).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from diffusers import AutoencoderKL, DDPMScheduler, DiffusionPipeline, ModelMixin, UNet2DConditionModel
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

TIMESTEP = 999

# diffusers' loader finds how to load a component by looking for its own base classes in the
# component's module, so ModelMixin must be importable from here.
__all__ = ["TIMESTEP", "Img2ImgTurboPipeline", "ModelMixin", "SkipAutoencoderKL"]


class SkipAutoencoderKL(AutoencoderKL):  # type: ignore[misc]
    """AutoencoderKL whose decoder also sees what the encoder saw, through one 1x1 convolution a level."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        down_block_types: tuple[str, ...] = ("DownEncoderBlock2D",) * 4,
        up_block_types: tuple[str, ...] = ("UpDecoderBlock2D",) * 4,
        block_out_channels: tuple[int, ...] = (128, 256, 512, 512),
        layers_per_block: int = 2,
        act_fn: str = "silu",
        latent_channels: int = 4,
        norm_num_groups: int = 32,
        sample_size: int = 512,
        scaling_factor: float = 0.18215,
        force_upcast: bool = False,
        mid_block_add_attention: bool = True,
        shift_factor: float | None = None,
        latents_mean: tuple[float, ...] | None = None,
        latents_std: tuple[float, ...] | None = None,
        use_quant_conv: bool = True,
        use_post_quant_conv: bool = True,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            out_channels=out_channels,
            down_block_types=down_block_types,
            up_block_types=up_block_types,
            block_out_channels=block_out_channels,
            layers_per_block=layers_per_block,
            act_fn=act_fn,
            latent_channels=latent_channels,
            norm_num_groups=norm_num_groups,
            sample_size=sample_size,
            scaling_factor=scaling_factor,
            force_upcast=force_upcast,
            mid_block_add_attention=mid_block_add_attention,
            shift_factor=shift_factor,
            latents_mean=latents_mean,
            latents_std=latents_std,
            use_quant_conv=use_quant_conv,
            use_post_quant_conv=use_post_quant_conv,
        )
        widths = list(block_out_channels)
        seen = [widths[0], *widths[:-1]][::-1]
        taken = [widths[-1], *widths[::-1][:-1]]
        for level, (source, target) in enumerate(zip(seen, taken, strict=True), start=1):
            self.decoder.add_module(f"skip_conv_{level}", nn.Conv2d(source, target, 1, bias=False))

    def encode_with_skips(self, pixels: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Encode pixels (B, 3, H, W) in [-1, 1].

        Returns:
            The posterior's mode (B, C, H/f, W/f), unscaled, and the encoder's activations, deepest first.
        """
        activations: list[Tensor] = []
        sample = self.encoder.conv_in(pixels)
        for block in self.encoder.down_blocks:
            activations.append(sample)
            sample = block(sample)
        sample = self.encoder.mid_block(sample)
        sample = self.encoder.conv_out(self.encoder.conv_act(self.encoder.conv_norm_out(sample)))
        if self.quant_conv is not None:
            sample = self.quant_conv(sample)
        return sample.chunk(2, dim=1)[0], activations[::-1]

    def decode_with_skips(self, latents: Tensor, activations: Sequence[Tensor]) -> Tensor:
        """Decode unscaled latents (B, C, h, w) beside the activations of the picture being edited."""
        sample = latents if self.post_quant_conv is None else self.post_quant_conv(latents)
        sample = self.decoder.mid_block(self.decoder.conv_in(sample))
        for level, block in enumerate(self.decoder.up_blocks):
            skip = getattr(self.decoder, f"skip_conv_{level + 1}")
            sample = block(sample + skip(activations[level]))
        decoded: Tensor = self.decoder.conv_out(self.decoder.conv_act(self.decoder.conv_norm_out(sample)))
        return decoded


class Img2ImgTurboPipeline(DiffusionPipeline):  # type: ignore[misc]
    """Edit one picture by many instructions, each in one UNet call."""

    model_cpu_offload_seq = "text_encoder->unet->vae"

    def __init__(
        self,
        vae: SkipAutoencoderKL,
        text_encoder: CLIPTextModel,
        tokenizer: CLIPTokenizer,
        unet: UNet2DConditionModel,
        scheduler: DDPMScheduler,
    ) -> None:
        super().__init__()
        self.register_modules(vae=vae, text_encoder=text_encoder, tokenizer=tokenizer, unet=unet, scheduler=scheduler)

    def encode_prompts(self, prompts: Sequence[str]) -> Tensor:
        """Text features (N, tokens, width) of N prompts, cut at what the text encoder reads."""
        tokens = self.tokenizer(
            list(prompts),
            padding="max_length",
            max_length=self.tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        ).input_ids.to(self.device)
        features: Tensor = self.text_encoder(tokens)[0]
        return features

    def predict(self, source: Tensor, features: Tensor) -> Tensor:
        """Edited latents (N, C, h, w), scaled, from scaled source latents and text features."""
        timestep = torch.full((len(source),), TIMESTEP, device=source.device)
        output = self.unet(source, timestep, encoder_hidden_states=features).sample
        self.scheduler.set_timesteps(1)
        edited: Tensor = self.scheduler.step(output, TIMESTEP, source).pred_original_sample
        return edited

    @torch.no_grad()
    def __call__(self, prompts: Sequence[str], pixels: Tensor) -> Tensor:
        """Edit.

        Args:
            prompts: N instructions.
            pixels: one picture (1, 3, H, W) in [-1, 1]; H and W multiples of 8 times the UNet's own factor.

        Returns:
            (N, 3, H, W) in [-1, 1].
        """
        n, scale = len(prompts), self.vae.config.scaling_factor
        latents, activations = self.vae.encode_with_skips(pixels)
        source = (latents * scale).expand(n, -1, -1, -1)
        edited = self.predict(source, self.encode_prompts(prompts).to(source.dtype))
        skips = [activation.expand(n, -1, -1, -1) for activation in activations]
        decoded: Tensor = self.vae.decode_with_skips(edited / scale, skips)
        return decoded.clamp(-1, 1)
