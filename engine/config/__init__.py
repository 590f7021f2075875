"""Settings, declared once: limits, defaults, help, units and search ranges."""
