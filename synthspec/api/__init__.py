"""The verbs as plain Python: values in, values out, one file per verb; SynthspecError when refused."""
