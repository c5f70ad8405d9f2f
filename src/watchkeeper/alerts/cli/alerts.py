"""Commands of alerts."""

import base64
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from watchkeeper.alerts.cli.asking import AsJson, all_of, call, quoted
from watchkeeper.alerts.cli.integrations import Integration
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import console

alert_app = typer.Typer(help="Alerts.", no_args_is_help=True)

Alert = Annotated[str, typer.Argument(metavar="ID", help="An alert's id.")]
Event = Annotated[str, typer.Argument(metavar="EVENT", help="An event's id.")]
_SHOWN = (
    "id", "key", "integration", "service", "state", "severity", "urgency", "opened_at", "count",
    "title",
)  # fmt: skip
_MOST_SHOWN = 50


@alert_app.callback()
def alert_root() -> None:
    """Alerts."""


@alert_app.command("list")
def list_alerts(
    every: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List open alerts, the newest first."""
    params = {"all": "true"} if every else {}
    if as_json:
        items = all_of("/api/v1/alerts", params)
        console.emit_json([{name: item[name] for name in _SHOWN} for item in items])
        return
    page = call("GET", "/api/v1/alerts", params=params | {"limit": str(_MOST_SHOWN)})
    if not page["items"]:
        console.say("No alert is open" if not every else "There are no alerts yet")
        return
    rows = [
        (i["id"], _state(i), i["severity"], i["service"] or None, i["title"], i["opened_at"])
        for i in page["items"]
    ]
    console.table(("id", "state", "severity", "service", "title", "opened"), rows)
    if page["next"] is not None:
        console.say(f"These are the newest {_MOST_SHOWN}; --json lists all")


def _state(row: Mapping[str, Any]) -> str:
    """Return the state of an alert, for people: one that is kept quiet says so."""
    is_quiet = row["state"] == "firing" and row["muted_until"] is not None
    return "firing, quiet" if is_quiet else str(row["state"])


@alert_app.command("ack")
def acknowledge(alert: Alert, as_json: AsJson = False) -> None:
    """Take an alert and its group; the escalation stops."""
    _act(alert, "acknowledge", "acknowledged", as_json=as_json)


@alert_app.command("resolve")
def resolve(
    alert: Alert,
    group: Annotated[
        bool, typer.Option("--group", help="All that is open in its group too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """End an alert; its escalation stops, that of a group once none of it fires."""
    _act(alert, "resolve", "resolved", as_json=as_json, whole_groups=group)


def _act(alert: str, act: str, done: str, *, as_json: bool, **more: Any) -> None:
    call("POST", f"/api/v1/alerts/{act}", json={"alerts": [alert]} | more)
    row = call("GET", f"/api/v1/alerts/{quoted(alert)}")
    if as_json:
        console.emit_json({name: row[name] for name in _SHOWN})
    else:
        console.say(f"Alert {alert} is {done}: {row['title']}")


@alert_app.command("snooze")
def snooze(
    alert: Alert,
    length: Annotated[str, typer.Option("--for", help="How long, as 30m, 2h or 1d.")] = "",
    until: Annotated[str | None, typer.Option(help="Until when, as 2026-03-02T09:00:00Z.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let an alert be quiet for a while; what still fires then pages again."""
    more = {"for": length, "until": until}
    _act(alert, "snooze", "snoozed", as_json=as_json, **more)


@alert_app.command("escalate")
def escalate(alert: Alert, as_json: AsJson = False) -> None:
    """Page at once whom the escalation policy has next."""
    due = call("POST", "/api/v1/alerts/escalate", json={"alerts": [alert]})["due"]
    if as_json:
        console.emit_json({"alert": alert, "due": due[alert]})
    else:
        console.say(f"Alert {alert}: {due[alert]} is due at once")


Person = Annotated[str, typer.Option(help="A person.")]
Schedule = Annotated[str, typer.Option(help="Who is on call in a schedule.")]
Team = Annotated[str, typer.Option(help="Everybody in a team.")]


@alert_app.command("reassign")
def reassign(
    alert: Alert,
    person: Person = "",
    schedule: Schedule = "",
    team: Team = "",
    policy: Annotated[str, typer.Option(help="An escalation policy, from its start.")] = "",
    as_json: AsJson = False,
) -> None:
    """Page somebody else for an alert from now on."""
    to = _named(person=person, schedule=schedule, team=team, policy=policy)
    _act(alert, "reassign", f"reassigned to {' '.join(*to.items())}", as_json=as_json, to=to)


@alert_app.command("add")
def add(
    alert: Alert,
    person: Person = "",
    schedule: Schedule = "",
    team: Team = "",
    as_json: AsJson = False,
) -> None:
    """Page somebody more for an alert; its escalation goes on."""
    to = _named(person=person, schedule=schedule, team=team)
    called = call("POST", "/api/v1/alerts/add", json={"alerts": [alert], "to": to})["called"]
    if as_json:
        console.emit_json({"alert": alert, "called": called[alert]})
    elif called[alert]:
        console.say(f"Alert {alert}: {', '.join(called[alert])} is paged too")
    else:
        console.say(f"Alert {alert}: they were added within the last minute already")


def _named(**given: str) -> dict[str, str]:
    """Return the one target that was named.

    Raises:
        InvalidError: there is none, or more than one.
    """
    named = {kind: name for kind, name in given.items() if name}
    if len(named) != 1:
        raise InvalidError(f"Name one of {', '.join(f'--{kind}' for kind in given)}")
    return named


@alert_app.command("merge")
def merge(
    alerts: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of alerts.")],
    into: Annotated[str, typer.Option(help="Id of the alert that stands for them.")],
    as_json: AsJson = False,
) -> None:
    """Let one alert stand for others; what comes of them counts there."""
    answer = call("POST", "/api/v1/alerts/merge", json={"alerts": alerts, "into": into})
    if as_json:
        console.emit_json(answer)
    else:
        console.say(f"Alert {into} stands for {', '.join(alerts)} too")


@alert_app.command("note")
def note(
    alert: Alert,
    text: Annotated[str, typer.Argument(help="What to write down.")],
    as_json: AsJson = False,
) -> None:
    """Write a note into an alert's story."""
    _act(alert, "note", "noted", as_json=as_json, text=text)


@alert_app.command("verdict")
def verdict(
    alert: Alert,
    said: Annotated[str, typer.Argument(metavar="VERDICT", help="actionable or not_actionable.")],
    why: Annotated[
        str,
        typer.Option(help="Why not: false_alarm, went_away, could_wait or known."),
    ] = "",
    words: Annotated[str, typer.Option(help="More words.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say whether it was worth paging somebody for an alert."""
    more = {"verdict": said, "why": why, "words": words}
    _act(alert, "verdict", f"judged {said}", as_json=as_json, **more)


@alert_app.command("show")
def show(alert: Alert, as_json: AsJson = False) -> None:
    """Show an alert with what helps: service, budgets, changes, the same before."""
    row = call("GET", f"/api/v1/alerts/{quoted(alert)}")
    if as_json:
        console.emit_json(row)
        return
    helps = row["context"]
    console.say(f"{row['title']}: {row['state']}, {row['severity']}, since {row['opened_at']}")
    tier = "unknown" if helps["tier"] is None else helps["tier"]
    console.say(
        f"Service {helps['service'] or 'unknown'}, tier {tier}, owner {_or(helps['owner'])}"
    )
    console.say(f"Runbook {_or(helps['runbook_url'])}")
    for slo in helps["slos"]:
        left = slo["budget_remaining"]
        share = "unknown" if left is None else f"{left:.1%} left"
        console.say(f"SLO {slo['name']}: {slo['words']}, {share}")
    for change in helps["changes"]:
        console.say(f"Changed {change['at']}: {change['title']} ({change['kind']})")
    for each in helps["earlier"]:
        console.say(_before(each))
    for item in helps["items"]:
        console.say(f"{item['kind'].capitalize()}: {item['title']} {item['url']}".rstrip())
    for name in helps["missing"]:
        console.say(f"Not answered in time: {name}")


def _or(text: str | None) -> str:
    return text or "unknown"


def _before(each: dict[str, Any]) -> str:
    length = each["lasted_seconds"]
    lasted = "still open" if length is None else f"for {length:.0f} s"
    taken = f"taken by {each['acknowledged_by']}" if each["acknowledged_by"] else "taken by nobody"
    told = [lasted, taken, *filter(None, [each["verdict_told"]]), *each["notes"]]
    return f"Before, {each['opened_at']} ({each['id']}): {', '.join(told)}"


@alert_app.command("explain")
def explain(alert: Alert, as_json: AsJson = False) -> None:
    """Tell every event, decision and page of an alert, with its reason."""
    told = call("GET", f"/api/v1/alerts/{quoted(alert)}/explain")
    if as_json:
        console.emit_json(told)
        return
    row = told["alert"]
    console.say(f"{row['title']} ({_state(row)}, {row['severity']}, urgency {row['urgency']})")
    console.say(f"It went to policy {told['policy'] or '(none)'}: {told['because']}")
    if row["flapping_until"] is not None:
        says = "is over" if row["is_over"] else "fires"
        console.say(
            f"It flaps: its sender says that it {says}; it stays open until nothing changed by "
            f"{row['flapping_until']}"
        )
    _tell_group(told["group"])
    lines = [
        (e["received_at"], f"{e['action']}: {e['verdict']}", e["reason"]) for e in told["events"]
    ]
    lines += [(a["at"], f"{a['act']} by {a['by']}", a["detail"]) for a in told["acts"]]
    lines += [(n["at"], "paging", n["text"]) for n in told["notes"]]
    console.table(("when", "what", "why"), sorted(lines))
    if told["next_at"] is not None:
        console.say(f"The next step is due {told['next_at']}")
    pages = [(p["due_at"], *_whom(p), p["state"], p["reason"] or None) for p in told["pages"]]
    judged = told["page_verdict"]
    if judged is not None:
        why = f" ({judged['why']})" if judged["why"] else ""
        console.say(f"The page was {judged['verdict']}{why}, says {judged['by']}")
    if not any(p["person"] for p in told["pages"]):
        console.say("Nobody was paged for it")
    if pages:
        console.table(("due", "person", "contact", "state", "why"), pages)


def _whom(page: dict[str, Any]) -> tuple[str, str]:
    """Return who is called and how, or which room is told and how."""
    if page["room"]:
        return f"room {page['room']}", page["channel"]
    return page["person"], page["contact"]


def _tell_group(group: dict[str, Any] | None) -> None:
    if group is None:
        return
    shared = ", ".join(f"{name}={value or '(none)'}" for name, value in group["values"].items())
    console.say(
        f"It is in the group of alert {group['lead']} ({shared}; route {group['route']}): "
        f"{group['open_count']} of {group['count']} open"
    )
    rows = [(m["id"], m["state"], m["severity"], m["title"]) for m in group["members"]]
    console.table(("id", "state", "severity", "title"), rows)


@alert_app.command("send")
def send(
    integration: Integration,
    title: Annotated[str, typer.Option(help="One line.")],
    key: Annotated[str, typer.Option(help="Dedup key; default: the title.")] = "",
    service: Annotated[str, typer.Option(help="Service it is about.")] = "",
    severity: Annotated[str, typer.Option(help="critical, error, warning or info.")] = "",
    is_over: Annotated[bool, typer.Option("--resolve", help="It is over.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send an event by hand, as if the sender had posted it."""
    body = {"title": title, "key": key, "service": service, "severity": severity}
    body["status"] = "resolved" if is_over else "firing"
    path = f"/api/v1/integrations/{quoted(integration)}/events"
    answer = call("POST", path, json=body)
    told = answer["events"][0]
    if as_json:
        console.emit_json(told)
    else:
        where = f" (alert {told['alert']})" if told["alert"] else ""
        console.say(f"{told['verdict']}{where}: {told['reason']}")


@alert_app.command("quarantine")
def quarantine(as_json: AsJson = False) -> None:
    """List what could not be read, the newest first."""
    items = call("GET", "/api/v1/quarantine")
    if as_json:
        console.emit_json(items)
    elif not items:
        console.say("Everything could be read")
    else:
        rows = [(i["id"], i["received_at"], i["reason"], i["alert"]) for i in items]
        console.table(("event", "came", "why", "alert"), rows)


@alert_app.command("came")
def came(event: Event, as_json: AsJson = False) -> None:
    """Write out what came with an event, as it came."""
    found = call("GET", f"/api/v1/events/{quoted(event)}")
    if as_json:
        console.emit_json(found)
    else:
        sys.stdout.buffer.write(base64.b64decode(found["body_base64"]))


@alert_app.command("replay")
def replay(
    event: Event,
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="Read this instead; - is stdin.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Read again what came with an event, as it was or mended."""
    body = {"body": _read(file) if file else None}
    answer = call("POST", f"/api/v1/events/{quoted(event)}/replay", json=body)
    if as_json:
        console.emit_json(answer)
        return
    for told in answer["events"]:
        where = f" (alert {told['alert']})" if told["alert"] else ""
        console.say(f"{told['verdict']}{where}: {told['reason']}")


@alert_app.command("dry-run")
def dry_run(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What would be posted; - is stdin.")],
    integration: Annotated[
        str, typer.Option(help="Whose it would be; default: JSON of anybody's.")
    ] = "",
    at: Annotated[str, typer.Option(help="When, as 2026-03-02T03:00:00Z; default: now.")] = "",
    content_type: Annotated[str, typer.Option(help="As the sender would say.")] = "",
    header: Annotated[
        list[str] | None, typer.Option(help="A header the sender would send, as 'ce-id: 1'.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what would become of a post: verdict, route, people, channels, minutes.

    Nothing is written and nobody is paged.
    """
    body: dict[str, Any] = {"payload": _read(file), "integration": integration}
    body |= {"at": at} if at else {}
    body |= {"content_type": content_type} if content_type else {}
    pairs = [each.partition(":") for each in header or []]
    body["headers"] = {name.strip(): value.strip() for name, _, value in pairs}
    told = call("POST", "/api/v1/alerts/dry-run", json=body)
    if as_json:
        console.emit_json(told)
        return
    if not told["outcomes"]:
        console.say("It says nothing that an alert could come of")
    for outcome in told["outcomes"]:
        _tell_outcome(outcome)


def _read(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode()
    except OSError as error:
        raise InvalidError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidError(f"{file} is not UTF-8 text") from error


def _tell_outcome(outcome: dict[str, Any]) -> None:
    console.say(f"{outcome['title']}: {outcome['verdict']}")
    console.say(f"  {outcome['reason']}")
    paging = outcome["paging"]
    if paging is None:
        console.say("  Nobody would be paged")
        return
    policy = outcome["policy"] or "(none)"
    route = f", route {outcome['route']}" if outcome["route"] else ""
    console.say(f"  Policy {policy}{route}, urgency {outcome['urgency']}")
    for note in paging["notes"]:
        console.say(f"  {note}")
    rows = [
        (f"+{c['minutes']:g} min", c["due_at"], c["person"] or f"room {c['room']}",
         f"{c['contact']} ({c['channel']})".lstrip(), c["skipped"] or None)
        for c in paging["calls"]
    ]  # fmt: skip
    if rows:
        console.table(("after", "due", "person", "contact", "left out because"), rows)
