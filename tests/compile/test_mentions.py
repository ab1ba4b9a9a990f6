"""Which columns an expression mentions."""

from synthspec.compile.graph import mentions


def test_a_function_is_not_the_column_of_its_name() -> None:
    assert mentions("year(d) + year", ("year", "d")) == {"d": (5, 6), "year": (10, 14)}
    assert mentions("round (x, 1) > 'x'", ("round", "x")) == {"x": (7, 8)}
