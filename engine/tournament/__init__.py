"""The tournament: models × strategies × datasets × seeds under one budget, resumed, and told as tables."""
