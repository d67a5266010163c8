"""Put a model into a folder or on the Hub, with its card and as ONNX."""
