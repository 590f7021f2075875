"""Plots of a study. Each imports pyqtgraph: imported when the first study is shown."""
