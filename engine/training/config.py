"""The `training` part of a recipe."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from engine.config.fields import Settings, setting


class TrainingConfig(Settings):
    """How long, how fast and on what. Defaults are the published ones; a model card may recommend others."""

    epochs: int = setting(20, "Passes over the training images, at most.", title="Epochs, at most", ge=1, le=1000)
    min_epochs: int = setting(
        10, "Passes before early stopping may end the run.", title="Epochs, at least", ge=0, le=1000, expert=True
    )
    batch_size: int = setting(
        32,
        "Images that one step learns from; `auto`: the number that the model card recommends; `largest`: what goes "
        "through the network together on this machine, measured at the start and written into the run's recipe. For "
        "other numbers the memory is no bound: a batch goes through in parts where it must.",
        ge=1,
        le=1024,
    )
    images_at_once: int | None = setting(
        None,
        "Images of a batch that go through the network together, which changes memory and speed but not what is "
        "learnt; none: as many as fit.",
        ge=1,
        le=1024,
        expert=True,
    )
    learning_rate: float = setting(2e-4, "Step size for what is learned.", gt=0, le=1, search=(1e-5, 5e-3), log=True)
    learning_rate_layers: float | None = setting(
        None,
        "Step size for weights that are not context vectors (upsampler, layers); none: the same.",
        title="Learning rate of layers",
        gt=0,
        le=1,
        expert=True,
    )
    weight_decay: float = setting(
        0.0, "Pull of layer weights towards zero; context vectors, biases and norms are never pulled.",
        ge=0, le=1, search=(1e-5, 1e-2), log=True,
    )  # fmt: skip
    schedule: Literal["plateau", "cosine", "constant"] = setting(
        "plateau", "How the step size falls: when the validation loss stalls, along a cosine, or not at all."
    )
    warmup_steps: int = setting(
        0, "Steps over which the step size rises at the start.", title="Warm-up steps", ge=0, le=100000, expert=True
    )
    plateau_factor: float = setting(0.2, "Factor at a stall.", title="Factor at a plateau", gt=0, lt=1, expert=True)
    plateau_patience: int = setting(
        5,
        "Epochs without a better validation loss that make a stall.",
        title="Patience at a plateau",
        ge=0,
        expert=True,
    )
    patience: int = setting(12, "Epochs without a better validation loss that end the run.", ge=1)
    min_delta: float = setting(
        1e-4, "What counts as a better validation loss.", title="Smallest improvement", ge=0, expert=True
    )
    dice_weight: float = setting(
        1.0, "Weight of the Dice loss.", title="Weight of the Dice loss", ge=0, le=100, expert=True
    )
    ce_weight: float = setting(
        0.2, "Weight of the cross-entropy loss.", title="Weight of the cross-entropy loss", ge=0, le=100, expert=True
    )
    grad_clip: float | None = setting(
        None, "Largest norm of the gradient; none: unlimited.", title="Gradient clipping", gt=0, expert=True
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = setting("auto", "Where the tuning runs.")
    precision: Literal["auto", "fp32", "bf16"] = setting(
        "auto",
        "Number format inside the network: bf16 is faster on most GPUs and some processors, where it is measured; fp32 "
        "leaves nothing to measure, so that a repeated run computes alike. Loss and scores are always fp32.",
        title="Number format",
        expert=True,
    )
    compile: Literal["auto", "on", "off"] = setting(
        "auto",
        "Compile the network's blocks (torch.compile): where it pays for itself within the run.",
        title="Compile the network",
        expert=True,
    )
    threads: int = setting(
        0, "Processor threads; 0: one less than there are cores.", title="Processor threads", ge=0, le=256, expert=True
    )
    keep_features: bool = setting(
        True,
        "Keep what the frozen image tower says of each image, where that never changes.",
        title="Keep image features",
        expert=True,
    )
    feature_place: Literal["auto", "gpu", "memory", "disk"] = setting(
        "auto",
        "Where kept features are held while tuning; auto: the fastest place where they fit.",
        title="Place of kept features",
        expert=True,
    )
    feature_numbers: Literal["fp32", "fp16"] = setting(
        "fp32",
        "Numbers of kept features: exact, or half as large and rounded to three digits.",
        title="Number format of kept features",
        expert=True,
    )
    feature_disk: float = setting(
        20.0,
        "Disk for features that later runs may use, all runs together; 0: none.",
        title="Disk for kept features",
        unit="GB",
        ge=0,
        le=1_000_000,
        expert=True,
    )
    attention: Literal["auto", "sdpa", "eager"] = setting(
        "auto",
        "How CLIPSeg computes attention: torch's fused way, or step by step as published; auto: fused, unless the "
        "other was measured to be faster.",
        expert=True,
    )
    checkpointing: bool = setting(
        False,
        "Compute the image tower's inner values again on the way back: less memory, slower.",
        title="Gradient checkpointing",
        expert=True,
    )
    start_from: str = setting(
        "",
        "Run folder whose learned weights (its best epoch) this run begins with; empty: drawn from the seed. Base "
        "weights, strategy and shapes must be the same.",
        title="Start from a run",
        expert=True,
    )
    surface_tolerance: float = setting(
        2.0,
        "Distance at which a border still counts as right, in the surface Dice of the final scores.",
        title="Tolerance of the surface Dice",
        unit="mm; px for pictures",
        ge=0,
        le=1000,
        expert=True,
    )
    keep_epochs: int = setting(
        3, "Checkpoints kept beside the best one.", title="Checkpoints kept", ge=1, le=1000, expert=True
    )
    previews: bool = setting(
        True, "Draw six validation images with their masks after each epoch.", title="Validation previews", expert=True
    )

    @field_validator("compile", mode="before")
    @classmethod
    def _switch(cls, value: Any) -> Any:
        """YAML reads the bare words on and off as true and false."""
        return ("on" if value else "off") if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.dice_weight == 0 and self.ce_weight == 0:
            raise ValueError("dice_weight and ce_weight are both 0; one of them must be more")
        return self
