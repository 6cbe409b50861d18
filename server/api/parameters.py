"""Parameters that several routes share, with their limits: there is a limit on everything."""

from typing import Annotated, TypeAlias

from litestar.params import PathParameter, QueryParameter

Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=1_000)]
"""How many rows a page may have."""

Start: TypeAlias = Annotated[str | None, QueryParameter(min_length=1, max_length=600)]
"""Where a page begins: what the page before gave as `next` or `earlier`."""

Filter: TypeAlias = Annotated[str | None, QueryParameter(min_length=1, max_length=120)]
"""A name that rows must have to be listed."""

Name: TypeAlias = Annotated[str, QueryParameter(min_length=1, max_length=120)]
"""A name that must be given."""

NameInPath: TypeAlias = Annotated[str, PathParameter(min_length=1, max_length=120)]
"""The name of the one thing that is asked for."""
