"""What is said wherever results leave the program."""

RESEARCH_ONLY = "For research use only. Not a medical device; not for diagnosis or treatment."
