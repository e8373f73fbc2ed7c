"""A waiter in a process of its own, for a network of its own: prints where it
listens and its secret, then every signal it hears, as JSON lines."""

import json
import sys

from conftest import Waiter

waiter = Waiter(host=sys.argv[1])
print(json.dumps({"url": waiter.url, "secret": waiter.secret}), flush=True)
while True:
    webhook_id, body = waiter.heard.get()
    print(json.dumps({"webhook_id": webhook_id, "type": body["type"]}), flush=True)
