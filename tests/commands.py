"""A command line, called in this process."""

from typer.testing import CliRunner, Result

from sim.cli.app import app


def call(
    *words: object, env: dict[str, str] | None = None, text: str | bytes | None = None
) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env=env, input=text)
