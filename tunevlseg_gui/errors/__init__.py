"""Problems: what is shown to the user, and what is kept of a crash."""
