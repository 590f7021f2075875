"""The window: PySide6 only; heavy work is done by the engine in a process of its own."""
