"""How all fares, for whoever watches over the machine: alive, ready, and the figures in Prometheus's words.

`/readyz` and `/metrics` tell names and reasons to this machine, and to whoever shows the token; to others only whether
all is well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from flask.wrappers import Response

from plugin.alerts import SILENT
from plugin.register import Register

Inboxes = Sequence[Mapping[str, Any]]
Health = Callable[[], Inboxes]
"""Each inbox as Register.inboxes gives it: at least its name, last success and fault."""

CHECKS = ("/healthz", "/readyz", "/metrics")
"""What may be asked from anywhere; who asks decides how much is told."""

_TEXT = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's text format: https://prometheus.io/docs/instrumenting/exposition_formats/"""


def add_checks(
    app: Flask, register: Register, health: Health, clock: Callable[[], datetime], in_full: Callable[[], bool]
) -> None:
    """The three paths; `in_full` says whether whoever asks may know it all."""

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return Response("ok\n", mimetype="text/plain")

    @app.get("/readyz")
    def readyz() -> ResponseReturnValue:
        inboxes = health()
        ready = is_ready(inboxes, clock())
        told = {"ready": ready, "inboxes": list(inboxes)} if in_full() else {"ready": ready}
        return jsonify(told), 200 if ready else 503

    @app.get("/metrics")
    def metrics() -> ResponseReturnValue:
        return Response(exposed(register, health(), clock(), in_full=in_full()), content_type=_TEXT)


def is_ready(inboxes: Inboxes, now: datetime) -> bool:
    """Whether every inbox is without a fault, and was looked into a short while ago or never yet."""
    return not any(inbox["fault"] or _is_silent(inbox, now) for inbox in inboxes)


def _is_silent(inbox: Mapping[str, Any], now: datetime) -> bool:
    last = inbox["last_success"]
    return last is not None and now - datetime.fromisoformat(last) > SILENT


def exposed(register: Register, inboxes: Inboxes, now: datetime, *, in_full: bool) -> bytes:
    """The figures as Prometheus reads them; not in full, only whether all is well."""
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - few are watched by it

    figures = CollectorRegistry()
    figures.register(_Figures(register, inboxes, now, in_full))
    return generate_latest(figures)


class _Figures:
    """What is counted at the moment somebody asks; nothing is counted in between."""

    def __init__(self, register: Register, inboxes: Inboxes, now: datetime, in_full: bool) -> None:
        self._register, self._inboxes, self._now, self._in_full = register, inboxes, now, in_full

    def collect(self) -> Iterator[Any]:
        """Every family of figures (a Collector of prometheus_client)."""
        yield _gauge("amends_ready", "1 where every inbox is well.", [], [([], is_ready(self._inboxes, self._now))])
        if self._in_full:
            yield from self._of_inboxes()
            yield from self._of_cases()

    def _of_inboxes(self) -> Iterator[Any]:
        each = [([inbox["name"]], inbox) for inbox in self._inboxes]
        seen = [(name, datetime.fromisoformat(one["last_success"]).timestamp()) for name, one in each
                if one["last_success"]]  # fmt: skip
        yield _gauge("amends_inbox_last_success_timestamp_seconds", "When it was last read.", ["inbox"], seen)
        for key, told in _OF_AN_INBOX.items():
            yield _gauge(f"amends_inbox_{key}", told, ["inbox"], [(name, _number(one.get(key))) for name, one in each])
        held = [([*name, one["worker"]], one["worker_silent"]) for name, one in each if "worker" in one]
        if held:
            yield _gauge("amends_inbox_worker_silent_seconds", "Since the worker that holds it was seen.",
                         ["inbox", "worker"], held)  # fmt: skip
        verdicts = [([*name, verdict], number) for name, one in each for verdict, number in one["verdicts"].items()]
        yield _gauge("amends_messages", "Messages taken in, by what was thought of them.",
                     ["inbox", "verdict"], verdicts)  # fmt: skip

    def _of_cases(self) -> Iterator[Any]:
        counted = self._register.counted(self._now)
        labels = ["inbox", "status"]
        for at, name, told in ((0, "amends_cases", "Cases."), (1, "amends_cases_overdue", "Cases that owe too late.")):
            yield _gauge(name, told, labels, [(list(key), numbers[at]) for key, numbers in counted.items()])


_OF_AN_INBOX = {
    "fault": "1 where it could not be read or written.",
    "quarantined": "Mails that could not be read and are kept.",
    "unwritten": "Tags, drafts and reminders that wait to be written again.",
}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float(bool(value))


def _gauge(name: str, told: str, labels: list[str], values: Sequence[tuple[list[str], float]]) -> Any:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - as above

    family = GaugeMetricFamily(name, told, labels=labels)
    for of, value in values:
        family.add_metric(of, value)
    return family
