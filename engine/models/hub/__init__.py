"""Base weights from the model hub: what is known, how the network is reached, one file at a time, checked."""
