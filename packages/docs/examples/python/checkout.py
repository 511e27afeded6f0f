"""A plain NATS client in Python: pip install nats-py, then python checkout.py

Publishes samples with an acknowledgement, hears of thresholds and anomalies, and labels a false alarm.
"""

import asyncio
import json
import os
import random

import nats


async def main():
    nc = await nats.connect(os.environ.get("NATS_URL", "nats://127.0.0.1:4222"))

    async def on_threshold(message):
        threshold = json.loads(message.data)
        print("threshold", threshold["metric"], threshold["threshold"], threshold["confidence"])

    async def on_anomaly(message):
        anomaly = json.loads(message.data)
        print("anomaly", anomaly["anomaly_id"], anomaly["phase"], anomaly["peak_value"])
        if anomaly["phase"] == "opened" and anomaly["peak_value"] < 100:
            label = {"false_positive": 1, "anomaly_id": anomaly["anomaly_id"]}
            await nc.publish("mapek.signals.shop.anomaly_feedback", json.dumps(label).encode())

    await nc.subscribe("mapek.thresholds.shop.>", cb=on_threshold)
    await nc.subscribe("mapek.anomalies.shop.>", cb=on_anomaly)

    while True:
        sample = {"value": 50 + random.gauss(0, 5), "labels": {"host": "a"}}
        # The answer comes after the sample is stored.
        answer = await nc.request("mapek.metrics.shop.latency_ms", json.dumps(sample).encode(), timeout=5)
        reply = json.loads(answer.data)
        if reply["rejected"]:
            print("refused", reply["rejected"][0]["code"])
        await asyncio.sleep(0.1)


asyncio.run(main())
