"""What `import swop_cli` promises."""

import swop_cli


def test_every_exported_name_is_there() -> None:
    """A name in `__all__` is a name that works."""
    for name in swop_cli.__all__:
        assert getattr(swop_cli, name) is not None


def test_nothing_public_is_left_out_of_all() -> None:
    """What people can see is what `__all__` says."""
    import types

    visible = {
        name
        for name, value in vars(swop_cli).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert visible <= set(swop_cli.__all__)


def test_errors_have_one_base() -> None:
    """One `except` catches everything the package raises on purpose."""
    from swop_cli import errors

    raised = [
        value
        for value in vars(errors).values()
        if isinstance(value, type)
        and issubclass(value, Exception)
        and value.__module__ == errors.__name__
    ]
    assert raised
    assert all(issubclass(error, swop_cli.SwopCliError) for error in raised)
