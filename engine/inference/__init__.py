"""A bundle at work on a scan; needs ONNX Runtime only."""
