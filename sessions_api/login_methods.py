"""The ways to log in, by the name that is stored with a session. Each app that adds one registers it."""

_titles = {"password": "Password"}


def register(name: str, title: str) -> None:
    """Add a way to log in. `title` is what users call it: “Google”."""
    _titles[name] = title


def titles() -> dict[str, str]:
    """The title of each way to log in, by its name."""
    return dict(_titles)
