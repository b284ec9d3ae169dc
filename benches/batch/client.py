"""What a user would write in Python: 64 rows a request, 64 requests on their way, results in order."""

import asyncio
import json
import sys

import aiohttp

BATCH, IN_FLIGHT = 64, 64


async def main(url, source, target):
    slots = asyncio.Semaphore(IN_FLIGHT)
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def send(instances):
            try:
                async with session.post(url, json={"instances": instances}) as response:
                    answer = await response.json(content_type=None)
            finally:
                slots.release()
            predictions = answer["predictions"]
            assert len(predictions) == len(instances)
            return [
                json.dumps({"instance": instance, "prediction": prediction})
                for instance, prediction in zip(instances, predictions)
            ]

        pending = asyncio.Queue()

        async def write():
            with open(target, "w") as out:
                while (task := await pending.get()) is not None:
                    out.write("\n".join(await task) + "\n")

        writer = asyncio.create_task(write())
        with open(source) as lines:
            batch = []
            for line in lines:
                batch.append(json.loads(line))
                if len(batch) == BATCH:
                    await slots.acquire()
                    pending.put_nowait(asyncio.create_task(send(batch)))
                    batch = []
        if batch:
            await slots.acquire()
            pending.put_nowait(asyncio.create_task(send(batch)))
        pending.put_nowait(None)
        await writer


asyncio.run(main(*sys.argv[1:]))
