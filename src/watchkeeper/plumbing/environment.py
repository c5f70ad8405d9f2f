"""Every setting of the product, typed, from the environment or a file.

The environment wins over the file. The file is ``watchkeeper.toml`` in the data folder, or the
one named by ``WATCHKEEPER_CONFIG``; its keys are the names below in lower case, without prefix.
``docs/reference/settings.md`` is written from this module.
"""

import json
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

DEFAULT_DATA = Path("watchkeeper-data")
# The addresses are secrets themselves: whoever knows them may write there.
_SECRETS = {
    "token",
    "slack_token",
    "slack_signing_secret",
    "twilio_auth_token",
    "watch_url",
    "heartbeat_url",
}
_PASSWORD = re.compile(r"(?<=://)([^:@/]*:)[^@]*@")


class Environment(BaseSettings):
    """The settings of one process."""

    # Lists come as they are typed, not as JSON; _split reads both.
    model_config = SettingsConfigDict(
        env_prefix="WATCHKEEPER_", extra="ignore", enable_decoding=False
    )

    data: Path = Field(
        DEFAULT_DATA,
        description="Folder that holds the embedded database, the key file and backups.",
    )
    config: Path | None = Field(
        None, description="Settings file; default `watchkeeper.toml` in the data folder, if there."
    )
    database_url: str | None = Field(
        None,
        description="`postgresql://user:password@host:5432/name` or `sqlite:////path/file.db`; "
        "default: SQLite in the data folder.",
    )
    secret_key_file: Path | None = Field(
        None,
        description="File with the key that secrets, sessions and the audit chain hang on; "
        "default `secret.key` in the data folder, made at the first start. Nodes share it.",
    )
    secret_folders: tuple[str, ...] = Field(
        (),
        description="Folders (comma-separated or a list) below which `${file:PATH}` in a source "
        "may name a file; default `secrets` in the data folder. The host itself may name any.",
    )
    public_url: str | None = Field(
        None,
        description="Address people use, as `https://watchkeeper.example.org`; "
        "needed when the server binds to anything but loopback.",
    )
    egress_allow: tuple[str, ...] = Field(
        (),
        description="Internal networks (CIDR, comma-separated or a list) that addresses set by "
        "people who are not admins may reach. Empty: none.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Networks (CIDR) whose `X-Forwarded-For` and `-Proto` are believed."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged."
    )
    log_format: Literal["text", "json"] = Field("text", description="Shape of log lines.")
    organisation: str = Field("Our organisation", description="Name shown at the head of screens.")
    time_zone: str = Field("UTC", description="Time zone of the organisation (IANA name).")
    minutes_retention_days: int = Field(
        1100, ge=2, description="Days of minutes kept for each SLI; longer windows are refused."
    )
    audit_retention_days: int = Field(
        0, ge=0, description="Days of audit rows kept; 0 keeps them for ever."
    )
    firings_retention_days: int = Field(
        1100, ge=31, description="Days that ended burn-rule firings are kept."
    )
    inbound_retention_days: int = Field(
        90, ge=1, description="Days that what senders posted is kept, once its alerts are over."
    )
    token_rate_limit: int = Field(
        1200, ge=1, description="Requests a minute allowed to one API token."
    )
    address_rate_limit: int = Field(
        1200, ge=1, description="Requests a minute allowed to one network address."
    )
    body_limit_bytes: int = Field(
        1_048_576,
        ge=1024,
        description="Largest request body; files of minutes may be 64 times it.",
    )
    sns_cert_hosts: tuple[str, ...] = Field(
        ("sns.*.amazonaws.com", "sns.*.amazonaws.com.cn"),
        description="Hosts (comma-separated or a list) where certificates of Amazon SNS are "
        "fetched and its subscriptions confirmed; `*` stands for one part between dots. Empty: "
        "no alarm of CloudWatch is taken.",
    )
    smtp_url: str | None = Field(
        None,
        description="Mail server, as `smtp://user:password@host:587` or `smtps://host:465`. TLS "
        "is required but on loopback; `?tls=none` allows to do without.",
    )
    mail_from: str | None = Field(
        None, description="Address that mail comes from; default: `watchkeeper@` the public host."
    )
    slack_base_url: str = Field("https://slack.com/api", description="Where Slack's Web API is.")
    slack_token: str | None = Field(
        None, description="Bot token (`xoxb-…`) that pages by Slack are sent with."
    )
    slack_signing_secret: str | None = Field(
        None,
        description="Signing secret of the Slack app; with it pages carry buttons, whose requests "
        "the app sends to `/receipts/slack` of the public address.",
    )
    ntfy_base_url: str = Field(
        "https://ntfy.sh", description="ntfy server of contacts that name only a topic."
    )
    twilio_base_url: str = Field(
        "https://api.twilio.com", description="Where Twilio's REST API is."
    )
    twilio_account_sid: str | None = Field(None, description="Twilio account (`AC…`).")
    twilio_auth_token: str | None = Field(None, description="Token of the Twilio account.")
    twilio_from: str | None = Field(
        None, description="Phone number that text messages and calls come from, as `+14155550100`."
    )
    watch_url: str | None = Field(
        None,
        description="Address that is told when the pager itself is unwell (JSON by POST, with "
        "`text` as chats read it), by a path that needs no engine.",
    )
    watch_email: str | None = Field(
        None, description="Mail address that is told the same, by `WATCHKEEPER_SMTP_URL`."
    )
    watch_lag_seconds: int = Field(
        15,
        ge=5,
        description="How late due work or an engine's beat may be before the watchman tells.",
    )
    watch_reminder_minutes: float = Field(
        30, gt=0, description="How often the watchman tells again of what is still wrong."
    )
    heartbeat_url: str | None = Field(
        None,
        description="Dead man's switch outside, asked by GET each minute while nothing stands in "
        "the way of pages, as `https://hc-ping.com/…`.",
    )
    peer_url: tuple[str, ...] = Field(
        (),
        description="Other Watchkeepers (comma-separated or a list), as "
        "`https://watchkeeper.example.org`; when one is not well for "
        "`WATCHKEEPER_PEER_SILENCE_SECONDS`, an alert opens here.",
    )
    peer_silence_seconds: int = Field(
        60, ge=5, description="How long a peer may be unwell before that alert opens."
    )
    integration_events_a_minute: int = Field(
        6_000,
        ge=0,
        description="Events that an integration usually sends in a minute at most. Of more its "
        "owners are told by an alert; nothing is refused. 0: nobody is told.",
    )
    page_bundle_seconds: int = Field(
        60,
        ge=0,
        le=600,
        description="How long pages that follow a call are gathered into the next call of the "
        "same contact. The first page, a service that is new and what is graver go at once. "
        "0: one call for each page.",
    )
    url: str | None = Field(
        None, description="Server that commands talk to; default: the local data folder."
    )
    token: str | None = Field(None, description="API token that commands send to that server.")

    @field_validator(
        "egress_allow",
        "trusted_proxies",
        "secret_folders",
        "sns_cert_hosts",
        "peer_url",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str) and value.lstrip().startswith("["):
            return json.loads(value)
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, and read nothing else."""
        del dotenv_settings, file_secret_settings
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, toml_file=_file()),
        )

    @property
    def key_file(self) -> Path:
        """Where the key is, or will be made."""
        return self.secret_key_file or self.data / "secret.key"

    @property
    def secret_places(self) -> tuple[Path, ...]:
        """The folders that hold files which sources may name."""
        return tuple(map(Path, self.secret_folders)) or (self.data / "secrets",)

    def owns(self, name: str) -> bool:
        """Return whether an environment variable of that name is a setting of ours."""
        prefix, _, rest = name.partition("_")
        return prefix.upper() == "WATCHKEEPER" and rest.lower() in type(self).model_fields

    @property
    def database(self) -> str:
        """The database as a URL."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'watchkeeper.db'}"


@dataclass(frozen=True, slots=True)
class Told:
    """One setting as this process has it.

    Attributes:
        name: As in the environment.
        value: In words, a secret only as ``(set)``; empty: not set.
        origin: ``environment``, ``file`` or ``default``.
        meaning: What it is for.
    """

    name: str
    value: str
    origin: str
    meaning: str


def told(environment: Environment) -> list[Told]:
    """Return every setting of ``environment``, where it comes from, and no secret."""
    file = _file()
    written = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    found = []
    for name, field in Environment.model_fields.items():
        key = f"WATCHKEEPER_{name.upper()}"
        given = {each.upper() for each in os.environ}
        origin = "environment" if key in given else "file" if name in written else "default"
        shown = _shown(name, getattr(environment, name))
        found.append(Told(key, shown, origin, (field.description or "").replace("`", "")))
    return found


def _shown(name: str, value: object) -> str:
    if value is None or value == ():
        return ""
    if name in _SECRETS:
        return "(set)"
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    return _PASSWORD.sub(r"\1…@", str(value)) if name.endswith("url") else str(value)


def _file() -> Path:
    """Return the settings file that this process would read."""
    named = os.environ.get("WATCHKEEPER_CONFIG")
    data = Path(os.environ.get("WATCHKEEPER_DATA", DEFAULT_DATA))
    return Path(named) if named else data / "watchkeeper.toml"
