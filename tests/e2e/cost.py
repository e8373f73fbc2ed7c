"""What AWS bills for calls: DynamoDB's units by the sizes of items, and prices.

Sizes by "DynamoDB item sizes and formats", units by "Read and write operations" and
"Using Global Secondary Indexes", all in the DynamoDB Developer Guide.
"""

import collections
import math

# List prices in us-east-1, in dollars, without free tiers, as known in November 2026: each with the page of
# AWS that has it. Lambda is that of arm64, queues are standard ones, WebSocket messages and custom events are
# of the first tier, alarms of standard resolution.
PAGES = {
    "https://aws.amazon.com/dynamodb/pricing/on-demand/": {
        "write unit": 0.625 / 1e6,
        "read unit": 0.125 / 1e6,
        "GB-month of the table": 0.25,
        "GB-month of its recovery": 0.20,
    },
    "https://aws.amazon.com/lambda/pricing/": {"Lambda request": 0.20 / 1e6, "Lambda GB-second": 0.0000133334},
    "https://aws.amazon.com/sqs/pricing/": {"SQS request": 0.40 / 1e6},
    "https://aws.amazon.com/api-gateway/pricing/": {"connection minute": 0.25 / 1e6, "message": 1.00 / 1e6},
    "https://aws.amazon.com/eventbridge/pricing/": {"custom event": 1.00 / 1e6, "Scheduler invocation": 1.00 / 1e6},
    # An alarm is billed for each metric that it reads, one with metric math as well; a custom metric by the hours
    # in which it was sent.
    "https://aws.amazon.com/cloudwatch/pricing/": {
        "alarm's metric-month": 0.10,
        "custom metric-month": 0.30,
        "dashboard-month": 3.00,
        "GB of logs": 0.50,
        "GB-month of logs": 0.03,
        "GB of logs that a query reads": 0.005,
    },
    "https://aws.amazon.com/kms/pricing/": {"KMS request": 3.00 / 1e6, "customer's key-month": 1.00},
    "https://aws.amazon.com/ec2/pricing/on-demand/": {"m5.large hour": 0.096},
}
PRICES = {thing: price for prices in PAGES.values() for thing, price in prices.items()}
# What of these is free each month, for as long as the account is there: the same pages, and
# https://aws.amazon.com/free/ ("Always free").
FREE = {
    "Lambda request": 1e6,
    "Lambda GB-second": 400_000,
    "SQS request": 1e6,
    "Scheduler invocation": 14e6,
    "alarm's metric-month": 10,
    "custom metric-month": 10,
    "dashboard-month": 3,
    "GB of logs": 5,
    "GB-month of logs": 5,
    "GB-month of the table": 25,
}

WRITE_BYTES = 1024
READ_BYTES = 4096
# Of each index: its sort key, which an entry's place is, and what it holds of an item.
KEYS = ["PK", "SK"]
INDEXES = {
    "due": ("DueSK", [*KEYS, "DuePK", "DueSK", "ExpiresMicros"]),
    "listing": ("ListingSK", [*KEYS, "ListingPK", "ListingSK", "job", "runs", "ExpiresMicros"]),
}


def value_size(value):
    [(kind, inner)] = value.items()
    if kind == "S":
        return len(inner.encode())
    if kind == "N":
        digits = inner.lstrip("-").replace(".", "").strip("0")
        return math.ceil(len(digits) / 2) + 1 + inner.startswith("-")
    if kind == "M":
        return 3 + len(inner) + item_size(inner)
    if kind == "L":
        return 3 + len(inner) + sum(value_size(one) for one in inner)
    assert kind in ("BOOL", "NULL"), kind
    return 1


def item_size(item):
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def write_units(size):
    return max(1, math.ceil(size / WRITE_BYTES))


class Table:
    """Follows the writes of a table, since what a write costs depends on what it replaces."""

    def __init__(self):
        self.items = {}

    def units(self, attempt):
        """Read and write units of a call."""
        operation = attempt.name.split()[0]
        if operation == "PutItem":
            return 0, self.put(attempt.request["Item"])
        if operation == "UpdateItem":
            # A counter: a few hundred bytes, in no index.
            return 0, 1
        answer = attempt.answer
        found = answer.get("Items", [answer["Item"]] if "Item" in answer else [])
        units = max(1, math.ceil(sum(map(item_size, found)) / READ_BYTES))
        # Reads of an index can't be consistent, and cost half.
        return (units if attempt.request.get("ConsistentRead") else units / 2), 0

    def put(self, item):
        key = (item["PK"]["S"], item["SK"]["S"])
        before = self.items.get(key, {})
        self.items[key] = item
        units = write_units(max(item_size(before), item_size(item)))
        return units + sum(index_units(index, before, item) for index in INDEXES)


def index_units(index, before, after):
    """A place that changes is left and taken: two writes."""
    sort_key, projected = INDEXES[index]
    entries = [{name: item[name] for name in projected if name in item} for item in (before, after)]
    left, taken = [entry if sort_key in entry else None for entry in entries]
    if left == taken:
        return 0
    if left and taken and left[sort_key] == taken[sort_key]:
        return write_units(max(item_size(left), item_size(taken)))
    return sum(write_units(item_size(entry)) for entry in (left, taken) if entry)


class Bill(collections.Counter):
    """How much of each thing that has a price, and of others."""

    @classmethod
    def sum(cls, bills):
        total = cls()
        for bill in bills:
            total.update(bill)
        return total

    def plus(self, more):
        return Bill.sum([self, more])

    def times(self, number):
        return Bill({thing: count * number for thing, count in self.items()})

    def less_free(self):
        """In an account that uses nothing else."""
        return Bill({thing: max(0, count - FREE.get(thing, 0)) for thing, count in self.items()})

    def dollars(self):
        return sum(PRICES[thing] * count for thing, count in self.items() if thing in PRICES)
