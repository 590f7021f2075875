"""What can be told before, and beside, tuning: how far data lie from what a model knows, which words it follows."""
