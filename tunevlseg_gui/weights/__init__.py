"""Base weights from elsewhere: imported from a folder or file, or fetched over the network after a click."""
