"""How components are built: how many addresses, how users meet them, or a shared service.

In: component and service tables, uniform luck. Out: one column per property, for any number of
components. It does not know where addresses lie, and draws nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.scenario.tables import ROLES
from sim.scenario.tables_sharing import N_ADDRESSES, ComponentRow, ServiceRow

OWN = -1
"""Service row of a component that is the business's own."""


def n_addresses_of(
    rows: Sequence[ComponentRow], role_row: NDArray[np.int64], u: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Addresses of each component of a business's own.

    Parameters
    ----------
    rows
        One row per role.
    role_row, u : equal shapes
        Role of each component, as in ``ROLES``, and one uniform number in [0, 1) for each.

    Returns
    -------
    n_addresses : shape of ``u``
        One of ``N_ADDRESSES``; never falls with ``u``.
    """
    edge = np.cumsum([row.address_shares for row in _by_role(rows)], axis=1)
    row = (u[..., np.newaxis] >= edge[role_row][..., :-1]).sum(axis=-1)
    return np.asarray(np.array(N_ADDRESSES, np.int64)[row])


def is_spread(
    rows: Sequence[ComponentRow], role_row: NDArray[np.int64], u: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether each user meets one of a component's addresses; else one working one is enough.

    With one address there is no difference. Parameters as in ``n_addresses_of``.
    """
    share = np.array([row.share_spread for row in _by_role(rows)])
    return np.asarray(u < share[role_row])


def service_of(
    rows: Sequence[ComponentRow],
    services: Sequence[ServiceRow],
    role_row: NDArray[np.int64],
    u: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Row of the shared service that each component is, ``OWN`` for one of the business's own.

    Parameters
    ----------
    rows, role_row, u
        As in ``n_addresses_of``. A component is a service when ``u < share_third_party``; which
        one, by popularity among the services of its role, in table order.
    services
        Rows of the service table; a service in two roles has two rows.

    Returns
    -------
    service_row : shape of ``u``
    """
    share = [row.share_third_party for row in _by_role(rows)]
    popularity = np.array(
        [[row.popularity * (row.role == role) for row in services] for role in ROLES]
    )
    total = popularity.sum(axis=1, keepdims=True)
    edge = np.cumsum(popularity, axis=1) / np.where(total > 0, total, 1) * np.array(share)[:, None]
    row = (u[..., np.newaxis] >= edge[role_row]).sum(axis=-1)
    return np.where(row < len(services), row, OWN)


def _by_role(rows: Sequence[ComponentRow]) -> list[ComponentRow]:
    """Rows in the order of ``ROLES``."""
    found = {row.role: row for row in rows}
    if len(found) != len(rows) or set(found) != set(ROLES):
        raise ValueError(f"expected one row for each of {', '.join(ROLES)}, got others")
    return [row for role in ROLES for row in rows if row.role == role]
