"""The release: the public, self-describing artefact that `train` leaves behind."""
