"""What the main window is made of, one idea a file; none of them knows the window."""
