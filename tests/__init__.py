"""The tests mirror the folders. A package, because python-barcode installs a stray `tests`."""
