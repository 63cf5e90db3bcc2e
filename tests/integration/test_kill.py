"""Kill -9 of each process under light load: nothing acknowledged is missing, nothing is doubled."""

import random

import pytest

from tests.support.ledger import LEDGER_SERVICE, LedgerWriter, stored_entries
from tests.support.suite import CHILDREN, Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(900)]

READY_SECONDS = 10.0


def settled(suite: Suite, writer: LedgerWriter) -> bool:
    """Whether the store holds all that was acknowledged, and the live figures have seen it."""
    stored = sum(stored_entries(suite).values())
    board = suite.get("/dashboard")
    return stored >= len(writer.acknowledged) and bool(board["overview"]["total_requests"] == stored)


def test_every_acknowledged_entry_is_there_once(scale: float) -> None:
    chance = random.Random(20261120)
    with running_suite() as suite:
        with LedgerWriter(suite) as writer:
            for _round in range(max(1, round(10 * scale))):
                for name in CHILDREN:
                    writer.wait_for_more(chance.randint(10, 60))
                    suite.kill(name)
                    suite.wait_ready(READY_SECONDS)
            writer.wait_for_more(50)
        eventually_sync(lambda: settled(suite, writer), "all is stored and shown", within=20)

        stored = stored_entries(suite)
        assert not [entry for entry in writer.acknowledged if stored[entry] != 1]
        assert not [entry for entry, count in stored.items() if count > 1]
        assert set(stored) <= {*writer.acknowledged, *writer.open}
        # The live figures and the roll-up behind them count the same entries, each once.
        board = suite.get("/dashboard")
        assert board["overview"]["total_requests"] == len(stored)
        assert board["services"][LEDGER_SERVICE]["request_count"] == len(stored)
