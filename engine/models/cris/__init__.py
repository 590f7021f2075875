"""CRIS (Wang et al., CVPR 2022), written from its description; module names are those of the authors' checkpoints."""
