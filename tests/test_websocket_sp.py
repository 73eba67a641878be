"""The events of points (source document 003), as a client of python-socketio hears them from a real server.

    scripts/test                                       runs it with everything else
    OTOMO_BIN=target/debug/otomo target/python/bin/python tests/test_websocket_sp.py
"""

import datetime
import pathlib
import sys
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parent / "python"))

from support import ServerTest  # noqa: E402


class PointEvents(ServerTest):
    async def change(self, user, what, **body):
        """A backend grants or consumes points; the status and the answer."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return await self.backend("POST", f"points/{user}/{what}", body, **key)

    def assert_time(self, text):
        self.assertIsNotNone(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo)

    async def test_each_change_of_the_balance_is_told(self):
        async def play(transports):
            taro = await self.person("taro", transports)
            user = taro.user
            status, granted = await self.change(
                user, "grant", amount=100, transaction_type="purchase", description="a pack", metadata={"pack": "s"}
            )
            self.assertEqual(status, 200, granted)
            told = await taro.hears("sp_update")
            expected = {
                "type": "sp_update",
                "current_sp": 100,
                "amount_changed": 100,
                "transaction_type": "purchase",
                "description": "a pack",
                "balance_before": 0,
                "balance_after": 100,
                "metadata": {"pack": "s"},
                "seq": 1,
                "prev": 0,
            }
            self.assert_time(told.pop("timestamp"))
            self.assertEqual(told, expected)
            self.assertEqual((granted["balance_before"], granted["balance_after"]), (0, 100))
            await self.change(user, "consume", amount=30, transaction_type="action", action="explore")
            spent = await taro.hears("sp_update", lambda event: event["amount_changed"] == -30)
            self.assertEqual((spent["balance_before"], spent["current_sp"]), (100, 70))
            self.assertEqual((spent["seq"], spent["prev"]), (2, 1))

        await self.over_each_way(play)

    async def test_whoever_has_too_few_is_told_and_keeps_what_they_have(self):
        async def play(transports):
            taro = await self.person("taro", transports)
            user = taro.user
            await self.change(user, "grant", amount=10, transaction_type="bonus")
            status, refused = await self.change(user, "consume", amount=11, transaction_type="action", action="explore")
            self.assertEqual((status, refused["error"]["code"]), (409, "INSUFFICIENT_POINTS"))
            told = await taro.hears("sp_insufficient")
            self.assertEqual((told["required_amount"], told["current_sp"], told["action"]), (11, 10, "explore"))
            self.assertTrue(told["message"])
            self.assert_time(told["timestamp"])
            await self.change(user, "consume", amount=10, transaction_type="action")
            last = await taro.hears("sp_update", lambda event: event["amount_changed"] == -10)
            self.assertEqual(last["current_sp"], 0)

        await self.over_each_way(play)

    async def test_the_points_of_the_day_are_told_once_to_those_who_come_back(self):
        taro = await self.person("taro")
        user = taro.user
        await self.change(user, "grant", amount=20, transaction_type="bonus")
        await taro.hears("sp_update")
        # A server that was down at the time brings them when it is back.
        recovery = {
            "OTOMO_POINTS__RECOVERY_AMOUNT": "50",
            "OTOMO_POINTS__RECOVERY_CAP": "60",
            "OTOMO_POINTS__RECOVERY_AT": "00:00",
        }
        await self.server.end()
        await self.server.start(recovery)
        told = await taro.hears("sp_daily_recovery")
        self.assertEqual((told["total_amount"], told["balance_after"]), (40, 60))
        self.assert_time(told["timestamp"])
        await self.server.end()
        await self.server.start()
        await taro.until(lambda: taro.counts["ready"] == 3, "third session")
        await self.change(user, "consume", amount=1, transaction_type="action")
        await taro.hears("sp_update", lambda event: event["amount_changed"] == -1)
        self.assertEqual(taro.counts["sp_daily_recovery"], 1)


if __name__ == "__main__":
    unittest.main()
