"""What wakes the desk: the clock of one machine, or workers who share the inboxes of one PostgreSQL between them.

Jobs
    the engine of one machine, which alone works on its store: APScheduler's ticks.
sharing.Worker
    the engine of many machines: as many as one likes share the inboxes of a store in PostgreSQL.
queue.Calls
    tells the workers that an inbox has news; queue.share lets them hear at once what a process plans.
Leadership, SharedLeadership
    who works on a store; else AlreadyRunning or Busy.
run_once
    one full pass, without an engine.

Whichever engine wakes it, the desk does the same; what is due stands in the store.
"""

from plugin.jobs.clock import Jobs
from plugin.jobs.leading import RUN, WORKER, AlreadyRunning, Busy, Leadership, SharedLeadership
from plugin.jobs.looks import POLL
from plugin.jobs.passing import run_once

__all__ = ["POLL", "RUN", "WORKER", "AlreadyRunning", "Busy", "Jobs", "Leadership", "SharedLeadership", "run_once"]
