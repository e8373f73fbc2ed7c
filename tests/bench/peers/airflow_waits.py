"""Airflow's deferrable operators wait like this: the SageMaker triggers of many tasks in one process, without the rest of
a triggerer. Prints the name of each job whose trigger fires.

    airflow_waits.py SECONDS NAME...     asks for each again after SECONDS
"""

import asyncio
import sys

from airflow.providers.amazon.aws.triggers.sagemaker import SageMakerTrigger

seconds, *names = sys.argv[1:]


async def wait(name):
    trigger = SageMakerTrigger(
        name, "training", waiter_delay=float(seconds), waiter_max_attempts=10**6, aws_conn_id=None, region_name="us-east-1"
    )
    async for event in trigger.run():
        assert event.payload["status"] == "success", event
        print(name, flush=True)


async def main():
    await asyncio.gather(*map(wait, names))


asyncio.run(main())
