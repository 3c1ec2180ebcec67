"""The steps of the pipeline: each from its settings to one call of one library, to its record."""
