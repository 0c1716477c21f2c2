"""Listening for HTTP beside the public door: the desk and the figures, each on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.applications import Starlette

from tocsin.errors import ConfigError


@contextlib.asynccontextmanager
async def serving(app: Starlette, name: str, host: str, port: int) -> AsyncIterator[str]:
    """Serve an application in this loop while the block runs, and give its HOST:PORT.

    Args:
        app: What answers.
        name: What the address is set by.
        host: Where it listens.
        port: 0 is one that is free.

    Raises:
        ConfigError: The address cannot be had.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=30,
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    listener = _bind(name, host, port)
    await server.startup(sockets=[listener])
    main = asyncio.create_task(server.main_loop())
    try:
        yield at_of(server.servers[0].sockets[0])
    finally:
        server.should_exit = True
        await main
        await server.shutdown(sockets=[listener])


def _bind(name: str, host: str, port: int) -> socket.socket:
    """Return a listening socket; opened here, since uvicorn would end the process where it cannot."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2_048)
    except OSError as error:
        raise ConfigError(
            f"cannot listen at {host}:{port}: {error.strerror or error}",
            todo=f"choose another address for {name}",
        ) from error


def at_of(listener: Any) -> str:
    """Return HOST:PORT of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def descriptors() -> int:
    """Return how many files this process may open, after asking for as many as it can get."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
