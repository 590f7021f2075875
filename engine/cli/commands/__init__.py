"""One file a command: `add(commands)` declares it, its `show` prints the result for a person."""
