"""Files of a checkout, or of an unpacked source distribution."""

import shutil
import subprocess
from pathlib import Path

_GENERATED = {".venv", "__pycache__", "dist", "build", "runs", "node_modules", ".hypothesis"}


def files_of_checkout(repository: Path) -> list[str]:
    """Files that git has or would take; without git all but what is generated."""
    if not (repository / ".git").exists():
        return sorted(
            name.as_posix()
            for path in repository.rglob("*")
            if path.is_file() and not _GENERATED & {*(name := path.relative_to(repository)).parts}
        )
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository, check=True, capture_output=True,
    ).stdout.decode().split("\0")  # fmt: skip
    return [name for name in listed if name and (repository / name).is_file()]


def copy_checkout(repository: Path, folder: Path) -> None:
    """Copy what a fresh clone holds."""
    for name in files_of_checkout(repository):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(repository / name, target)
