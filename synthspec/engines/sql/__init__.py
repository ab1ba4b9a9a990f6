"""Views as SELECT text: one generator, one small object per database; see `statement`."""
