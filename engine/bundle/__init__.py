"""What a tuned model looks like outside the engine: three ONNX graphs, a tokenizer and a manifest."""
