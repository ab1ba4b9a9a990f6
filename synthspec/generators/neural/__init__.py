"""Neural backends: networks that refine a marginal model; torch is loaded by the fit alone."""
