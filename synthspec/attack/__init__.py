"""Attack: games and attacks, on simulated or internal data only.

Nothing here may reach a public file but `audited`: what games on simulated tables proved (class P).
"""
