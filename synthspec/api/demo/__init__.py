"""The demo: a spec of a made-up world, and the spec that an analyst of that world would write."""
