"""A command line, called in this process."""

import json
from typing import Any

from typer.testing import CliRunner, Result

from sim.cli.app import app


def call(
    *words: object, env: dict[str, str] | None = None, text: str | bytes | None = None
) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env=env, input=text)


def run(*words: object, status: int = 0, **options: Any) -> Result:
    """Run a command that ends so."""
    result = call(*words, **options)
    assert result.exit_code == status, (result.output, result.stderr, result.exception)
    return result


def document(*words: object, text: str | bytes | None = None) -> dict[str, Any]:
    """What a command prints as JSON."""
    found: dict[str, Any] = json.loads(run(*words, "--json", text=text).stdout)
    return found
