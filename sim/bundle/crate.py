"""RO-Crate metadata of a bundle: what each file is, how long it is, and its SHA-256.

In: members and what they are. Out: ``ro-crate-metadata.json``, and its list of files read again.

References
----------
RO-Crate Metadata Specification 1.1, https://w3id.org/ro/crate/1.1
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import DataError, Problem
from sim.files import parse_json

METADATA = "ro-crate-metadata.json"
MAX_BYTES = 64 * 1024 * 1024
_SPECIFICATION = "https://w3id.org/ro/crate/1.1"
_KINDS = {
    ".parquet": "application/vnd.apache.parquet",
    ".yaml": "application/yaml",
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".lock": "text/plain",
    ".sh": "text/x-shellscript",
    ".whl": "application/zip",
}


@dataclass(frozen=True)
class Member:
    """A file of a bundle.

    Attributes
    ----------
    about
        What it is; empty where its name says it.
    n_bytes, sha256
        Its length and hash.
    """

    about: str
    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class Subject:
    """What a bundle is about.

    Attributes
    ----------
    title, description
        Of the scenario, and the answer in words.
    date
        Day on which the result was made.
    result_id
        Identity of the result.
    tool
        Name and version of the program.
    """

    title: str
    description: str
    date: str
    result_id: str
    tool: str


def crate_text(subject: Subject, members: Mapping[str, Member]) -> str:
    """Metadata of all members, the same text for the same members."""
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": subject.title,
        "description": subject.description,
        "datePublished": subject.date,
        "identifier": subject.result_id,
        "license": {"@id": "#license"},
        "mentions": {"@id": "#made"},
        "hasPart": [{"@id": name} for name in sorted(members)],
    }
    graph: list[dict[str, Any]] = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": _SPECIFICATION},
            "about": {"@id": "./"},
        },
        root,
        {
            "@id": "#license",
            "@type": "CreativeWork",
            "name": "As whoever hands this over says; input tables as their source notes say",
            "description": "No licence is given by the program that wrote this bundle.",
        },
        {
            "@id": "#made",
            "@type": "CreateAction",
            "name": "The simulation",
            "instrument": {"@id": "#overblock"},
            "object": [{"@id": name} for name in sorted(members) if _is_input(name)],
            "result": [{"@id": name} for name in sorted(members) if _is_result(name)],
        },
        {
            "@id": "#overblock",
            "@type": "SoftwareApplication",
            "name": subject.tool.partition(" ")[0],
            "version": subject.tool.partition(" ")[2],
        },
        *(_file(name, members[name]) for name in sorted(members)),
    ]
    context = [f"{_SPECIFICATION}/context", {"sha256": "http://schema.org/sha256"}]
    return json.dumps({"@context": context, "@graph": graph}, indent=1, ensure_ascii=False) + "\n"


def _is_input(name: str) -> bool:
    return name == "run/scenario.yaml" or name.startswith("run/inputs/")


def _is_result(name: str) -> bool:
    return name.startswith("run/") and not _is_input(name)


def _file(name: str, one: Member) -> dict[str, Any]:
    suffix = Path(name).suffix
    kind = _KINDS.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    about = {"description": one.about} if one.about else {}
    return {
        "@id": name,
        "@type": "File",
        "name": name.rpartition("/")[2],
        **about,
        "encodingFormat": kind,
        "contentSize": str(one.n_bytes),
        "sha256": one.sha256,
    }


def read_crate(folder: Path) -> dict[str, Member]:
    """Files that the metadata in a folder lists, by name.

    Raises
    ------
    DataError
        If there is none, it is too large, or not as this program writes it.
    """
    path = folder / METADATA
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES:,} bytes")
        graph = parse_json(path.read_text(encoding="utf-8"))["@graph"]
        files = [one for one in graph if one["@type"] == "File"]
        found = {
            str(one["@id"]): Member(
                str(one.get("description", "")), int(one["contentSize"]), str(one["sha256"])
            )
            for one in files
        }
        if len(found) < len(files):
            raise ValueError("a file listed twice")
    except OSError as error:
        message = f"expected the metadata of a bundle, got an error: {error.strerror}"
        raise DataError([Problem(METADATA, message)]) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"expected the metadata of a bundle, got {error!r}"
        raise DataError([Problem(METADATA, message)]) from None
    return found
