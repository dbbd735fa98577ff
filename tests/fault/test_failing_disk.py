"""A disk that refuses one call, or everything from one call on: an error or none, and never a wrong export."""

import pytest

pytestmark = pytest.mark.parametrize("scenario", ["first_run", "late_rows_and_a_window"], indirect=True)


@pytest.mark.parametrize("do", ["fail", "full"])
def test_at_every_call(do, scenario, faults, trials):
    def call(sluice, log, at):
        outcome = sluice.call(*scenario.call, now=scenario.now,
                              env=faults.env(sluice.folder, do=do, at=at, log=log))
        assert outcome.code in (0, 1), str(outcome)
        if outcome.code == 1:
            error = outcome.table()["error"]
            assert error["kind"] == "storage" and error["message"], error
            assert error["remedy"] or do == "fail", error

    trials.run(scenario, call, every=4)
