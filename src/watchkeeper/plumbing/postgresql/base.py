"""The database backend that settings name; Django wants it in a module of this name."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool, PoolTimeout

from watchkeeper.plumbing.postgresql import connections, silence
from watchkeeper.plumbing.postgresql.connections import GuardedConnection, Lane

_NO_DATABASE = "__no_db__"
_pools: "dict[str, ConnectionPool[GuardedConnection]]" = {}


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper with a pool for each lane; its connections give up on a frozen server."""

    def _pool_name(self, lane: Lane) -> str:
        return f"{self.alias} {lane.value}"

    @property
    def pool(self) -> "ConnectionPool[GuardedConnection] | None":
        """The pool of this moment's lane; ``None`` where pooling is off."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == _NO_DATABASE or not options:
            return None
        if self.settings_dict.get("CONN_MAX_AGE", 0) != 0:
            raise ImproperlyConfigured("Pooling does not go with CONN_MAX_AGE")
        name = self._pool_name(connections.lane.get())
        if name not in _pools:
            made: ConnectionPool[GuardedConnection] = ConnectionPool(
                connection_class=GuardedConnection,
                kwargs=self.get_connection_params() | {"autocommit": True},
                open=False,
                configure=self._configure_connection,  # type: ignore[attr-defined]
                name=name,
                **options,
            )
            _pools.setdefault(name, made)
        return _pools[name]

    def close_pool(self) -> None:
        """Close the pools of every lane."""
        for lane in Lane:
            pool = _pools.pop(self._pool_name(lane), None)
            if pool is not None:
                pool.close()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Take a connection from the lane's pool.

        Raises:
            FrozenError: the server is frozen.
            PoolTimeout: all connections of the lane are in use, or none can be made.
        """
        dsn = _dsn(conn_params)
        silence.check(dsn)
        try:
            return super().get_new_connection(conn_params)
        except PoolTimeout:
            silence.is_frozen(dsn)  # the next who come need not wait as long
            raise


def _dsn(params: dict[str, Any]) -> str:
    """Return where the server is, as libpq writes it; no password is in it."""
    from psycopg.conninfo import make_conninfo

    wanted = ("host", "port", "dbname", "user", "sslmode")
    return make_conninfo("", **{key: params[key] for key in wanted if params.get(key)})
