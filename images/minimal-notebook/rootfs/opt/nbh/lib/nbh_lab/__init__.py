"""Starts JupyterLab without reading what an idle lab does not use."""
