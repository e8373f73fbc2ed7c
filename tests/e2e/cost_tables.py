"""The tables of docs/cost.md, made of counted calls and named assumptions."""

import math
import re

from cost import PAGES, PRICES, Bill
from cost_stack import months

# Assumptions, which the page names.
BILLED_GB_SECONDS = 0.256 * 0.050
# crates/client/src/pace.rs: the lease of a waiter that names none and the longest; between them it is as long as the
# wait's age. What is left of it at a renewal (a part, at least, at most), and the jitter's mean.
FIRST_LEASE_SECONDS, LONGEST_LEASE_SECONDS = 600, 86_400
LEFT_PART, LEFT_LEAST_SECONDS, LEFT_MOST_PART, JITTER = 1 / 4, 300, 1 / 2, 0.9
# `Policy`: a wait is due when its lease and this are over, or for its next check.
GRACE_SECONDS = 300
# A place in an index that changes is left and taken.
MOVED = Bill({"write unit": 2})
# `Policy`: the first check, and the pauses after it, which double.
FIRST_LOOK_SECONDS, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 60, 300, 7 * 86_400
# The checks after which a job is described.
LISTED_CHECKS = 9
# A waiter opens the next connection after 100 to 115 minutes. It sends a ping soon after it opened one, and when
# there was no message for 510 to 558 seconds (crates/client/src/connection/keep_alive.rs).
CONNECTION_SECONDS, PING_SECONDS = 6_450, 510
POLLS_AN_HOUR = 120
POD_MB = (54, 100)
MACHINE_MB = 8 * 1024

JOBS = 1000
# Seconds, and how a person says it.
LENGTHS = [(600, "10 minutes"), (3600, "1 hour"), (8 * 3600, "8 hours"), (24 * 3600, "1 day"), (7 * 24 * 3600, "7 days")]
ON_THE_WAY, END, SIGNAL, CALLBACK = "an event on the way", "the event of the end", "the signal", "the callback"
REGISTRATION, AGAIN = "a registration", "a registration on the next connection"
OPENED, PING, CLOSED = "a connection that is opened", "a ping", "a connection that is closed"
CALLED_BACK, RENEWAL, LOOK = "a registration with a callback", "a renewal", "a check of a silent job"
IDLE = "a sweep with nothing to do"
EVENTS_ON_THE_WAY = 5


def tables(calls, bills, sent):
    """Each table by its name in the page. `sent`: which metrics the functions sent, by the part of a life."""
    bills = {part: with_lambda(bill) for part, bill in bills.items()}
    return {
        "prices": prices(),
        "calls": calls_table(calls),
        "parts": parts_table(bills),
        "jobs": jobs_table(bills),
        "idle": idle_table(bills[IDLE], sent),
    }


def with_lambda(bill):
    return bill.plus({"Lambda GB-second": bill["Lambda request"] * BILLED_GB_SECONDS})


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def prices():
    rows = []
    for page, things in PAGES.items():
        for thing, price in things.items():
            of_millions = price < 1e-5
            said = f"${price * 1e6:.3f}" if of_millions else f"${price:.10f}".rstrip("0").rstrip(".")
            rows.append([f"million {thing}s" if of_millions else thing, said, f"<{page}>"])
    return table(["of one", "price", "source"], rows)


def calls_table(calls):
    rows = []
    for part, functions in calls.items():
        made = [f"`{function}`: {said(names)}" for function, names in functions.items()]
        rows.append([part, sum(sum(names.values()) for names in functions.values()), "; ".join(made)])
    return table(["part of a job's life", "AWS calls", "by whom"], rows)


def said(names):
    return ", ".join(name if count == 1 else f"{count} × {name}" for name, count in names.items())


def parts_table(bills):
    things = ["read unit", "write unit", "Lambda request", "SQS request", "custom event", "message"]
    rows = [
        [part, *(f"{bill[thing]:g}" for thing in things), f"${bill.dollars() * JOBS:.4f}"] for part, bill in bills.items()
    ]
    return table(["", *(f"{thing}s" for thing in things), f"{JOBS:,} of them"], rows)


def renewals_of(seconds):
    """How often a waiter renews meanwhile, and how many of these renewals change when its wait is due."""
    checks = [*check_times(seconds)]
    until, age = FIRST_LEASE_SECONDS, JITTER * unrenewed(FIRST_LEASE_SECONDS)
    renewals = moves = 0
    while age <= seconds:
        next_check = min((at for at in checks if at > age), default=math.inf)
        lease = min(max(FIRST_LEASE_SECONDS, age), LONGEST_LEASE_SECONDS)
        before, until = until, age + lease
        renewals, moves = renewals + 1, moves + (before + GRACE_SECONDS < next_check)
        age += JITTER * unrenewed(lease)
    return renewals, moves


def unrenewed(lease):
    return lease - min(max(lease * LEFT_PART, LEFT_LEAST_SECONDS), lease * LEFT_MOST_PART)


def held(bills, seconds):
    """What a connection costs for so long, from one to the next."""
    nexts = seconds // CONNECTION_SECONDS
    changed = Bill.sum([bills[OPENED], bills[AGAIN], bills[CLOSED]]).times(nexts)
    pings = bills[PING].times(1 + nexts + seconds // PING_SECONDS)
    return Bill.sum([changed, pings, Bill({"connection minute": seconds / 60})])


def events(bills):
    return Bill.sum([bills[ON_THE_WAY].times(EVENTS_ON_THE_WAY), bills[END]])


def called_back(bills, seconds):
    """What a job that runs this long costs, with callbacks."""
    renewals, moves = renewals_of(seconds)
    stays = Bill.sum([bills[RENEWAL].times(renewals), MOVED.times(moves), bills[LOOK].times(looks(seconds))])
    return Bill.sum([events(bills), bills[CALLED_BACK], bills[CALLBACK], stays])


def jobs_table(bills):
    flat = Bill.sum([events(bills), bills[OPENED], bills[REGISTRATION], bills[SIGNAL], bills[CLOSED]])
    rows = []
    for seconds, length in LENGTHS:
        looked = bills[LOOK].times(looks(seconds))
        connection = held(bills, seconds)
        total = Bill.sum([flat, connection, looked])
        callbacks = called_back(bills, seconds)
        polls = seconds * POLLS_AN_HOUR // 3600
        pods = [seconds / 3600 * PRICES["m5.large hour"] * mb / MACHINE_MB * JOBS for mb in POD_MB]
        rows.append([
            length, *map(dollars, (flat, connection, looked)), f"**{dollars(total)}**", dollars(callbacks),
            max(0, looks(seconds) - LISTED_CHECKS), f"{polls:,}", " to ".join(map(dollars, pods)),
        ])
    head = [
        "a job runs", "its events and signal", "its connection", "checks", "all", "all, with callbacks",
        "Describes of a job", "Describes, polled", "pods that poll",
    ]
    return table(head, rows)


def dollars(bill_or_number):
    number = bill_or_number.dollars() * JOBS if isinstance(bill_or_number, Bill) else bill_or_number
    return f"${number:,.2f}"


def check_times(seconds):
    """When the sweep checks a job, whatever its events say: up to the first one after so long."""
    at, pause = FIRST_LOOK_SECONDS, FIRST_PAUSE_SECONDS
    yield at
    while at <= seconds:
        at, pause = at + pause, min(2 * pause, LONGEST_PAUSE_SECONDS)
        yield at


def looks(seconds):
    """How often the sweep checks a job that runs this long."""
    return sum(at <= seconds for at in check_times(seconds))


def idle_table(sweep, sent):
    """Each row's bill in a month of nothing, and in one in which jobs run."""
    rows = months(sweep, sent[IDLE], {metric for part in sent.values() for metric in part}, JOBS)
    totals = [Bill.sum([row[column] for row in rows]) for column in (2, 3)]
    rows.append(["all", "", *totals])
    rows.append(["all, less what is free in an account that uses nothing else", "", *(bill.less_free() for bill in totals)])
    said = [[what, how, *(f"${bill.dollars():.2f}" for bill in bills)] for what, how, *bills in rows]
    return table(["a month", "", "nothing happens", "jobs run"], said)


def written(page, made):
    """The page with these tables in the places that it marks for them."""
    for name, text in made.items():
        place = re.compile(rf"(<!-- {name}, counted -->\n).*?(<!-- end -->)", re.DOTALL)
        assert place.search(page), f"the page has no place for `{name}`"
        page = place.sub(lambda match: match[1] + text + "\n" + match[2], page)
    return page
