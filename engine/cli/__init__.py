"""The command line: `tunevlseg`."""
