"""The look: colours for light and dark, a style sheet, and line icons drawn in the theme's colours."""
