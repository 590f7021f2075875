"""The engine of TuneVLSeg Desktop: data, models, strategies, tuning, export and inference, without a window."""

__version__ = "0.1.0"
