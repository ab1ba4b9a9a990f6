"""Gaussian copulas: bivariate probabilities, correlations from coarse tables, conditional draws."""
