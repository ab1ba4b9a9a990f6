"""Attack: games and attacks, on simulated or internal data only; nothing here may reach a public file."""
