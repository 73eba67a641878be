"""Ten thousand numbered events, over each way to connect: none lost, doubled or out of order."""

import asyncio
import os
import unittest

from support import ServerTest

# How many there are.
COUNT = int(os.environ.get("OTOMO_STREAM_EVENTS", "10000"))

# How many may be under way.
WINDOW = 64

# How long they may take, in seconds.
PATIENCE = 180


class Stream(ServerTest):
    settings = {
        "OTOMO_LIMITS__MESSAGES_PER_MINUTE": "none",
        "OTOMO_LIMITS__COMMANDS_PER_SECOND": "none",
        "OTOMO_INBOX__MAX_EVENTS": "none",
    }

    async def test_none_is_lost_doubled_or_out_of_order(self):
        async def play(transports):
            reader = await self.person("reader", transports)
            writer = await self.person("writer", ["websocket"])
            await asyncio.gather(
                self.write_all(writer, reader.user),
                reader.until(lambda: reader.counts["new-message"] >= COUNT, "stream", PATIENCE),
            )
            # What came twice would be here by the time this is answered.
            await reader.asks("heartbeat")
            messages = reader.all("new-message")
            self.assertEqual([int(event["body"]) for event in messages], list(range(COUNT)))
            self.assertTrue(all(event["seq"] == event["prev"] + 1 for event in messages))
            self.assertEqual(reader.ends, [])

        await self.over_each_way(play)

    async def write_all(self, writer, to):
        """Writes numbered messages to somebody, in order, as fast as they are taken."""
        room = asyncio.Semaphore(WINDOW)
        refused = []

        def taken(answer):
            if answer["type"] != "message_send_ack":
                refused.append(answer)
            room.release()

        for number in range(COUNT):
            await room.acquire()
            message = {"toUserId": to, "clientMessageId": f"{to}-{number}", "body": str(number)}
            await writer.client.emit("message_send", message, callback=taken)
        for _ in range(WINDOW):
            await room.acquire()
        self.assertEqual(refused, [])


if __name__ == "__main__":
    unittest.main()
